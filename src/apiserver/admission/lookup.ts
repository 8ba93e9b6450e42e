/** What admission plugins look up: objects in the server's own caches. */
import type { ResourceDefinition } from '../../api/resource.js';
import { resourceOf } from '../../api/table.js';
import type { Storage } from '../storage/storage.js';

export class Lookup {
  constructor(private readonly storage: Storage) {}

  get<T>(group: string, version: string, plural: string, namespace: string, name: string): T | undefined {
    return this.storage.get(this.definition(group, version, plural), namespace, name)?.object as T | undefined;
  }

  list<T>(group: string, version: string, plural: string, namespace = ''): T[] {
    return this.storage.list(this.definition(group, version, plural), namespace).map((e) => e.object as unknown as T);
  }

  private definition(group: string, version: string, plural: string): ResourceDefinition {
    const d = resourceOf(group, version, plural);
    if (!d) throw new Error(`no built-in resource ${group}/${version} ${plural}`);
    return d;
  }
}
