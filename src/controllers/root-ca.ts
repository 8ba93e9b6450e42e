/** Root CA publisher: every namespace has the cluster's CA in the ConfigMap kube-root-ca.crt. */
import { CONFIG_MAPS, NAMESPACES } from '../client/kinds.js';
import { isAlreadyExists } from '../meta/errors.js';
import { defineController, splitKey, watch } from './framework.js';

const NAME = 'kube-root-ca.crt';
const DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

export const rootCaPublisher = (ca: string) =>
  defineController({
    name: 'root-ca-certificate-publisher',
    account: 'root-ca-cert-publisher',
    watches: [
      watch(NAMESPACES, (ns) => [`/${ns.metadata.name}`]),
      watch(CONFIG_MAPS, (cm) => (cm.metadata.name === NAME ? [`/${cm.metadata.namespace}`] : [])),
    ],
    async reconcile(key, c) {
      const { name: namespace } = splitKey(key);
      const ns = c.informers.for(NAMESPACES).get('', namespace);
      if (!ns || ns.metadata.deletionTimestamp) return;
      const present = c.informers.for(CONFIG_MAPS).get(namespace, NAME);
      const annotations = { ...present?.metadata.annotations, 'kubernetes.io/description': DESCRIPTION };
      if (present?.data?.['ca.crt'] === ca && present.metadata.annotations?.['kubernetes.io/description'] === DESCRIPTION) return;
      try {
        if (present) await c.client.update({ ...present, metadata: { ...present.metadata, annotations }, data: { 'ca.crt': ca } });
        else await c.client.create({ ...CONFIG_MAPS, metadata: { name: NAME, namespace, annotations }, data: { 'ca.crt': ca } });
      } catch (e) {
        if (!isAlreadyExists(e)) throw e;
      }
    },
  });
