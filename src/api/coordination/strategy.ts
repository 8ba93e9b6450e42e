/** How a coordinated election chooses its leader. */
import { invalid, notSupported } from '../../meta/field-error.js';
import { qualifiedName } from '../../meta/names.js';
import { type Errors, invalidAll } from '../check.js';

const OLDEST = 'OldestEmulationVersion';

/** Kubernetes' own strategy, or somebody's with a domain before it. */
export function validateStrategy(strategy: string, path: string): Errors {
  const slash = strategy.indexOf('/');
  if (slash < 0) return strategy === OLDEST ? [] : [notSupported(path, strategy, [OLDEST])];
  const domain = strategy.slice(0, slash);
  const wrong = invalidAll(path, strategy, qualifiedName(strategy));
  return /(^|\.)(kubernetes|k8s)\.io$/.test(domain)
    ? [...wrong, invalid(path, strategy, 'strategies with domain prefixes must not use kubernetes.io or k8s.io')]
    : wrong;
}
