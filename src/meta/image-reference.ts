/** Image references, `[host[:port]/]path[:tag][@digest]`, read in one pass. Source: https://github.com/distribution/reference */
export interface ImageReference {
  /** Host and path, as written. */
  readonly name: string;
  readonly tag?: string;
  readonly digest?: string;
}

const NAME_LIMIT = 255;
const PART = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/;
const HOST_LABEL = /^[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*$/;
const HOST_V6 = /^\[[a-fA-F0-9:]+\]$/;
const PORT = /^[0-9]+$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

/** Undefined where the text is none. */
export function parseReference(text: string): ImageReference | undefined {
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !DIGEST.test(digest)) return undefined;
  let name = at < 0 ? text : text.slice(0, at);
  // A colon behind the last slash is the tag's; one before it is the port's.
  const colon = name.lastIndexOf(':');
  let tag: string | undefined;
  if (colon > name.lastIndexOf('/')) {
    tag = name.slice(colon + 1);
    name = name.slice(0, colon);
    if (!TAG.test(tag)) return undefined;
  }
  if (name.length > NAME_LIMIT) return undefined;
  const [first = '', ...rest] = name.split('/');
  if (!rest.every((p) => PART.test(p))) return undefined;
  if (!PART.test(first) && !(rest.length && isHost(first))) return undefined;
  return { name, tag, digest };
}

function isHost(text: string): boolean {
  const end = text.startsWith('[') ? text.indexOf(']') + 1 : text.indexOf(':') < 0 ? text.length : text.indexOf(':');
  const port = text.slice(end);
  if (port !== '' && (port[0] !== ':' || !PORT.test(port.slice(1)))) return false;
  const host = text.slice(0, end);
  return HOST_V6.test(host) || host.split('.').every((l) => HOST_LABEL.test(l));
}
