/** The resource table as it is served: the built-in resources that are on, and whatever CRDs add. */
import type { ResourceDefinition } from '../api/resource.js';
import { builtInResources } from '../api/table.js';
import { groupVersion } from '../meta/gvk.js';
import type { Resources } from './core.js';

/** Preference of groups and, within one, of versions: discovery lists them in this order. */
export interface GroupInfo {
  readonly name: string;
  readonly versions: string[];
}

export class ResourceTable implements Resources {
  private readonly byPath = new Map<string, ResourceDefinition>();
  private readonly byKind = new Map<string, ResourceDefinition>();
  private readonly groupsInOrder: GroupInfo[] = [];
  private readonly listeners = new Set<() => void>();

  /** `runtimeConfig`: --runtime-config, e.g. { 'api/all': true, 'resource.k8s.io/v1beta1': true, 'apps/v1/deployments': false }. */
  constructor(runtimeConfig: Readonly<Record<string, boolean>> = {}) {
    for (const d of builtInResources) if (isOn(d, runtimeConfig)) this.add(d);
  }

  find(group: string, version: string, plural: string): ResourceDefinition | undefined {
    return this.byPath.get(`${group}/${version}/${plural}`);
  }

  ofKind(apiVersion: string, kind: string): ResourceDefinition | undefined {
    return this.byKind.get(`${apiVersion}/${kind}`);
  }

  all(): readonly ResourceDefinition[] {
    return [...this.byPath.values()];
  }

  groups(): readonly GroupInfo[] {
    return this.groupsInOrder;
  }

  versions(group: string): readonly string[] | undefined {
    return this.groupsInOrder.find((g) => g.name === group)?.versions;
  }

  add(d: ResourceDefinition): void {
    this.byPath.set(`${d.group}/${d.version}/${d.plural}`, d);
    const kindKey = `${groupVersion(d.group, d.version)}/${d.kind}`;
    if (!this.byKind.has(kindKey) || d.keyPrefix) this.byKind.set(kindKey, d);
    let group = this.groupsInOrder.find((g) => g.name === d.group);
    if (!group) this.groupsInOrder.push((group = { name: d.group, versions: [] }));
    if (!group.versions.includes(d.version)) group.versions.push(d.version);
    this.changed();
  }

  remove(group: string, plural: string): void {
    for (const [key, d] of this.byPath) {
      if (d.group !== group || d.plural !== plural) continue;
      this.byPath.delete(key);
      this.byKind.delete(`${groupVersion(d.group, d.version)}/${d.kind}`);
    }
    const at = this.groupsInOrder.findIndex((g) => g.name === group);
    const info = this.groupsInOrder[at];
    if (info) {
      const left = new Set(
        this.all()
          .filter((d) => d.group === group)
          .map((d) => d.version),
      );
      info.versions.splice(0, info.versions.length, ...info.versions.filter((v) => left.has(v)));
      if (!info.versions.length) this.groupsInOrder.splice(at, 1);
    }
    this.changed();
  }

  /** Discovery and OpenAPI are made anew after a change. */
  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  private changed(): void {
    for (const l of this.listeners) l();
  }
}

function isOn(d: ResourceDefinition, config: Readonly<Record<string, boolean>>): boolean {
  const version = groupVersion(d.group, d.version);
  const own = config[`${version}/${d.plural}`] ?? config[version];
  if (own !== undefined) return own;
  const level = /alpha/.test(d.version) ? 'api/alpha' : /beta/.test(d.version) ? 'api/beta' : 'api/ga';
  return config[level] ?? config['api/all'] ?? d.enabledByDefault;
}
