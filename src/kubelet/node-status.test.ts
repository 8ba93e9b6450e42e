import { expect, it } from 'vitest';
import { resourceOf } from '../api/table.js';
import type { Node } from '../api/types/core/v1.js';
import { decode } from '../meta/decode.js';
import { VirtualClock } from '../util/virtual-clock.js';
import { type NodeConfig, type NodeReadings, newNode, nodeStatus, nodeStatusPatch } from './node-status.js';
import { simulatedHost } from './simulated/machine.js';
import { MemoryFiles } from './simulated/memory-files.js';
import { SimulatedNetwork } from './simulated/network.js';
import { SimulatedRuntime } from './simulated/simulated-runtime.js';

it.each([
  ['of round sizes, without images', 256 * 2 ** 30, 2 ** 40, []],
  [
    'of odd sizes',
    25_276_510_208 + 1024,
    270_553_174_016,
    [{ id: 'i', repoTags: ['a:1'], repoDigests: [], size: 5, username: '', uid: undefined }],
  ],
])('what is stored of a node %s is not posted again while nothing changes', async (_name, memoryBytes, totalBytes, images) => {
  const clock = new VirtualClock();
  const files = new MemoryFiles(clock);
  const network = new SimulatedNetwork();
  const runtime = new SimulatedRuntime({ env: { clock } as never, files, network });
  const host = simulatedHost({ nodeName: 'n', address: '192.0.2.1', memoryBytes }, clock, files, runtime, network);
  const facts = await host.machine.facts();
  const config: NodeConfig = { nodeName: 'n', maxPods: 110, port: 10250 };
  const readings = (now: number) =>
    ({
      now,
      facts,
      disk: { totalBytes, availableBytes: totalBytes, freeInodes: 1e6, totalInodes: 1e6 },
      runtime: { name: 'r', version: '1' },
      images,
      problems: [],
      memoryAvailable: memoryBytes,
      processes: 1,
      maxProcesses: 1000,
    }) as unknown as NodeReadings;
  const status = nodeStatus(readings(clock.now()), config, undefined);
  const sent = JSON.parse(JSON.stringify(newNode(config, facts, status)));
  const stored = decode(resourceOf('', 'v1', 'nodes')!.type, sent, 'Strict').object as unknown as Node;
  const next = nodeStatus(readings(clock.now() + 10_000), config, stored.status);
  expect(nodeStatusPatch(stored.status, next, false)).toBeUndefined();
  expect(nodeStatusPatch(stored.status, next, true)).toMatchObject({ status: { conditions: next.conditions } });
});
