/** PUT namespaces/x/finalize: who emptied the namespace takes its mark off. */
import { notFoundError } from '../../meta/errors.js';
import type { AnyObject } from '../../meta/object.js';
import type { Answer } from '../answer.js';
import { aboutOf, type Call } from '../core.js';
import { readObject } from '../handlers/body.js';
import { writeParameters } from '../handlers/options.js';
import { checkName, checkPreconditions, goesNow } from '../handlers/prepare.js';
import { answerEntry, expected } from '../handlers/write.js';
import { header } from '../request.js';

export async function finalizeNamespace(call: Call): Promise<Answer> {
  const { core, definition, info } = call;
  const p = writeParameters(call.request.query, 'UpdateOptions', header(call.request, 'user-agent') ?? '');
  const sent = readObject(call.request, expected(call), p.fieldValidation, call.warnings);
  checkName(call, sent);
  const written = await core.storage.write({ dryRun: p.dryRun, what: { definition, namespace: '', name: info.name } }, (entry) => {
    if (!entry) throw notFoundError(aboutOf(definition), info.name);
    checkPreconditions(definition, sent, entry);
    const next = structuredClone(entry.object) as AnyObject & { spec: { finalizers?: string[] } };
    const wanted = (sent as typeof next).spec?.finalizers;
    if (wanted?.length) next.spec.finalizers = wanted;
    else delete next.spec.finalizers;
    return goesNow(definition, next) ? { remove: true } : { put: next };
  });
  return answerEntry(call, 200, written);
}
