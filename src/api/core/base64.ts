/** Base64 of values in ConfigMaps and Secrets. */
import { base64 } from '../../util/bytes.js';

const encoder = new TextEncoder();

/** How many bytes a text stands for. */
export const base64Length = (text: string): number => (text.length / 4) * 3 - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0);
export const toBase64 = (text: string): string => base64(encoder.encode(text));
export const fromBase64 = (text: string): string => new TextDecoder().decode(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
