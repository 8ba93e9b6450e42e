/** An etcd cluster that holds the data, in place of a store of our own. */
export interface RemoteEtcd {
  /** `http://host:2379` or `https://…`: members of one cluster. */
  readonly endpoints: readonly string[];
  /** PEM. */
  readonly tls?: { readonly ca?: string; readonly certificate?: string; readonly key?: string };
}
