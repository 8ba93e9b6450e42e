/** componentstatuses: the old list of what runs the cluster, made when it is asked for. */
import { notFoundError } from '../../meta/errors.js';
import type { AnyObject } from '../../meta/object.js';
import { objectAnswer } from '../answer.js';
import { aboutOf, type Call } from '../core.js';
import type { SubresourceHandlers } from '../routes.js';
import { Entry, serialize } from '../storage/entry.js';

export interface ComponentProbe {
  readonly name: string;
  /** What the component says; throws what is wrong with it. */
  check(): Promise<string>;
}

async function statusOf(p: ComponentProbe): Promise<AnyObject> {
  let condition: object;
  try {
    condition = { type: 'Healthy', status: 'True', message: await p.check() };
  } catch (e) {
    condition = { type: 'Healthy', status: 'False', message: (e as Error).message };
  }
  return { kind: 'ComponentStatus', apiVersion: 'v1', metadata: { name: p.name }, conditions: [condition] } as unknown as AnyObject;
}

export const componentStatusHandlers = (probes: () => readonly ComponentProbe[]): SubresourceHandlers => ({
  '/componentstatuses': {
    GET: async (call: Call) => {
      if (call.info.name) {
        const probe = probes().find((p) => p.name === call.info.name);
        if (!probe) throw notFoundError(aboutOf(call.definition), call.info.name);
        return objectAnswer(200, await statusOf(probe), call.definition);
      }
      const items = await Promise.all(probes().map(statusOf));
      return {
        is: 'list',
        definition: call.definition,
        resourceVersion: '',
        entries: items.map((o) => new Entry('', '', o.metadata.name, 0, serialize(o), o)),
      };
    },
  },
});
