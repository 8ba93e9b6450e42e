import { describe, expect, it } from 'vitest';
import { pod, simulatedNode } from '../../../test/kubelet/simulated.js';

const REF = { namespace: 'default', name: 'claim', uid: 'claim-uid' };

describe('a claim', () => {
  it.each<[string, { claim?: object; claimStatus?: object; claimMeta?: object; volume?: object }, string?]>([
    ['that is bound both ways is mounted', {}],
    ['that is not bound waits', { claimStatus: { phase: 'Pending' } }, 'PVC is not bound'],
    ['that was lost waits', { claimStatus: { phase: 'Lost' } }, 'PVC is not bound'],
    ['without a volume waits', { claim: { volumeName: '' } }, 'PVC has empty pvc.Spec.VolumeName'],
    ['that goes waits', { claimMeta: { deletionTimestamp: '2026-01-01T00:00:00Z' } }, 'PVC is being deleted'],
    [
      'that goes, and is protected, is mounted',
      { claimMeta: { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['kubernetes.io/pvc-protection'] } },
    ],
    [
      'whose volume is nobody’s waits',
      { volume: { claimRef: undefined } },
      'found PV object vol but it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim',
    ],
    [
      'whose volume is another claim’s waits',
      { volume: { claimRef: { ...REF, namespace: 'victim', uid: 'other' } } },
      'found PV object vol but its pv.Spec.ClaimRef.UID other does not point to claim.UID claim-uid',
    ],
    [
      'whose volume was an earlier claim’s of the same name waits',
      { volume: { claimRef: { ...REF, uid: 'earlier' } } },
      'found PV object vol but its pv.Spec.ClaimRef.UID earlier does not point to claim.UID claim-uid',
    ],
    [
      'whose volume is reserved by name alone waits',
      { volume: { claimRef: { namespace: 'default', name: 'claim' } } },
      'found PV object vol but its pv.Spec.ClaimRef.UID  does not point to claim.UID claim-uid',
    ],
    [
      'of another namespace with the same uid waits',
      { volume: { claimRef: { ...REF, namespace: 'victim' } } },
      'found PV object vol but its pv.Spec.ClaimRef is victim/claim',
    ],
    ['of a block device waits', { volume: { volumeMode: 'Block' } }, 'volumes of mode Block are not supported by this kubelet'],
  ])('%s', async (_, { claim = {}, claimStatus = { phase: 'Bound' }, claimMeta = {}, volume = {} }, problem) => {
    const n = await simulatedNode();
    n.api.put({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { namespace: 'default', name: 'claim', uid: 'claim-uid', ...claimMeta },
      spec: { volumeName: 'vol', ...claim },
      status: claimStatus,
    } as never);
    n.api.put({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'vol' },
      spec: { hostPath: { path: '/data' }, claimRef: REF, ...volume },
    } as never);
    n.api.put(pod({ name: 'p', spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'claim' } }] } }));
    await n.clock.advance('3s');
    expect(n.get('p')?.status.phase).toBe(problem ? 'Pending' : 'Running');
    const told = n.events('p').filter((e) => e.includes('FailedMount'));
    if (problem) expect(told[0]).toContain(`error processing PVC default/claim: ${problem}`);
    else expect(told).toEqual([]);
    await n.kubelet.stop();
  });
});
