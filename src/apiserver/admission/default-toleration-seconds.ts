/** DefaultTolerationSeconds: a Pod stays five minutes on a node that is not ready or not reachable, unless it says otherwise. */
import type { PodSpec, Toleration } from '../../api/types/core/v1.js';
import type { AdmissionPlugin } from './chain.js';
import { isPod } from './refusal.js';

const SECONDS = 300;
const KEYS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  admit(a) {
    if (!isPod(a.definition) || a.subresource || (a.operation !== 'CREATE' && a.operation !== 'UPDATE')) return;
    const spec = (a.object as unknown as { spec: PodSpec }).spec;
    const tolerates = (t: Toleration, key: string) => (t.key === key || !t.key) && (!t.effect || t.effect === 'NoExecute');
    for (const key of KEYS) {
      if (spec.tolerations?.some((t) => tolerates(t, key))) continue;
      (spec.tolerations ??= []).push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: SECONDS });
    }
  },
};
