/** Which representation a client wants. Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources */
import { notAcceptable } from '../../meta/errors.js';
import { PROTOBUF } from './protobuf.js';

export interface Representation {
  readonly mediaType: 'application/json' | 'application/yaml' | typeof PROTOBUF;
  /** Another kind in place of the object's own. */
  readonly as?: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
  /** v1 or v1beta1 of meta.k8s.io. */
  readonly version: 'v1' | 'v1beta1';
  readonly pretty: boolean;
}

const JSON_PLAIN: Representation = { mediaType: 'application/json', version: 'v1', pretty: false };
const known = new Map<string, Representation>();
/** Accept headers remembered: clients send the same few. */
const KNOWN_LIMIT = 500;

export interface Offer {
  /** A custom resource: it has no protobuf form. */
  readonly custom: boolean;
  readonly watch: boolean;
  /** It has columns. */
  readonly table: boolean;
}

export function negotiate(accept: string | undefined, { custom, watch, table }: Offer): Representation {
  if (!accept || accept === 'application/json' || accept === '*/*') return JSON_PLAIN;
  const cacheKey = `${custom}${watch}${table}${accept}`;
  let found = known.get(cacheKey);
  if (!found) {
    found = choose(accept, custom, table);
    if (!found) {
      const streams = `, application/json;stream=watch${custom ? '' : `, ${PROTOBUF};stream=watch`}`;
      throw notAcceptable(
        `406: Not Acceptable\n\nAvailable representations: application/json, application/yaml${custom ? '' : `, ${PROTOBUF}`}${streams}`,
      );
    }
    if (known.size < KNOWN_LIMIT) known.set(cacheKey, found);
  }
  return found;
}

function choose(accept: string, custom: boolean, table: boolean): Representation | undefined {
  const clauses = accept
    .split(',')
    .map((text, order) => {
      const [type = '', ...parameters] = text.split(';').map((s) => s.trim());
      const p = Object.fromEntries(parameters.map((x) => x.split('=').map((s) => s.trim())));
      return { type: type.toLowerCase(), p: p as Record<string, string>, q: p.q === undefined ? 1 : Number(p.q), order };
    })
    .sort((a, b) => b.q - a.q || a.order - b.order);
  for (const { type, p } of clauses) {
    const mediaType =
      type === '*/*' || type === 'application/*' || type === 'application/json'
        ? 'application/json'
        : type === 'application/yaml'
          ? 'application/yaml'
          : type === PROTOBUF && !custom
            ? PROTOBUF
            : undefined;
    if (!mediaType) continue;
    if (p.as) {
      if (p.g !== 'meta.k8s.io' || (p.v !== 'v1' && p.v !== 'v1beta1')) continue;
      if (p.as !== 'Table' && p.as !== 'PartialObjectMetadata' && p.as !== 'PartialObjectMetadataList') continue;
      // Tables have no protobuf form.
      if (p.as === 'Table' && (!table || mediaType === PROTOBUF)) continue;
      return { mediaType, as: p.as, version: p.v, pretty: false };
    }
    return { mediaType, version: 'v1', pretty: p.pretty === '1' };
  }
  return undefined;
}
