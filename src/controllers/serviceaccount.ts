/** ServiceAccount: every namespace has the account `default`. */
import { NAMESPACES, SERVICE_ACCOUNTS } from '../client/kinds.js';
import { isAlreadyExists } from '../meta/errors.js';
import { defineController, splitKey, watch } from './framework.js';

export const serviceAccountController = defineController({
  name: 'serviceaccount',
  account: 'service-account-controller',
  component: 'service-account-controller',
  watches: [watch(NAMESPACES, (ns) => [`/${ns.metadata.name}`]), watch(SERVICE_ACCOUNTS, (sa) => [`/${sa.metadata.namespace}`])],
  async reconcile(key, c) {
    const { name: namespace } = splitKey(key);
    const ns = c.informers.for(NAMESPACES).get('', namespace);
    if (!ns || ns.metadata.deletionTimestamp || ns.status.phase !== 'Active' || c.informers.for(SERVICE_ACCOUNTS).get(namespace, 'default'))
      return;
    try {
      await c.client.create({ ...SERVICE_ACCOUNTS, metadata: { name: 'default', namespace } });
    } catch (e) {
      if (!isAlreadyExists(e)) throw e;
    }
  },
});
