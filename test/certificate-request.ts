/** Requests for certificates as programs make them: signed with the key they are for. */
import 'reflect-metadata'; // @peculiar/x509 asks for it
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { generateKeys } from '../src/util/x509.js';

/** Base64 of the PEM. `CN=…, O=…`; `forged`: the signature is another's. */
export async function certificateRequest(name: string, forged = false): Promise<string> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const request = await Pkcs10CertificateRequestGenerator.create({ name, keys: await generateKeys(), signingAlgorithm: algorithm });
  const der = new Uint8Array(request.rawData);
  // The last bytes are the signature's.
  if (forged) der[der.length - 1]! ^= 1;
  const body = btoa(String.fromCharCode(...der)).replace(/.{64}/g, '$&\n');
  return btoa(`-----BEGIN CERTIFICATE REQUEST-----\n${body}\n-----END CERTIFICATE REQUEST-----\n`);
}
