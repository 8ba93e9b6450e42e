/** Names of certificate signers: `example.com/signer`. */
import { invalid, required, tooLong } from '../../meta/field-error.js';
import { dns1123Label, dns1123Subdomain, LABEL_MAX, SUBDOMAIN_MAX } from '../../meta/names.js';
import type { Errors } from '../check.js';

const PATH_MAX = SUBDOMAIN_MAX + LABEL_MAX + 1;

export function signerName(name: string, path: string): Errors {
  if (!name) return [required(path)];
  const [domain, signer, ...more] = name.split('/');
  if (signer === undefined || more.length)
    return [invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")];
  const errors: Errors = [];
  if (domain!.length > SUBDOMAIN_MAX) errors.push(tooLong(path, SUBDOMAIN_MAX));
  const labels = domain!.split('.');
  const badLabel = labels.find((l) => dns1123Label(l).length);
  if (badLabel !== undefined)
    for (const m of dns1123Label(badLabel)) errors.push(invalid(path, domain, `validating label ${JSON.stringify(badLabel)}: ${m}`));
  if (labels.length < 2) errors.push(invalid(path, domain, 'should be a domain with at least two segments separated by dots'));
  const badPart = signer.split('.').find((l) => dns1123Subdomain(l).length);
  if (badPart !== undefined)
    for (const m of dns1123Subdomain(badPart)) errors.push(invalid(path, signer, `validating label ${JSON.stringify(badPart)}: ${m}`));
  if (signer.length > PATH_MAX) errors.push(tooLong(path, PATH_MAX));
  return errors;
}
