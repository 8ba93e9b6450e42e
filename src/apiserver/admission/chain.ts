/**
 * Admission: plugins that may change (admit) or refuse (validate) what is about to be written, in the order of the original's default chain.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
 */
import type { ResourceDefinition } from '../../api/resource.js';
import type { AnyObject } from '../../meta/object.js';
import type { UserInfo } from '../request.js';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

export interface Attributes {
  readonly operation: Operation;
  readonly definition: ResourceDefinition;
  readonly subresource: string;
  readonly namespace: string;
  /** '' where it is yet to be generated. */
  readonly name: string;
  /** Absent for DELETE. A mutating plugin edits it in place. */
  readonly object?: AnyObject;
  /** Shared: not to be changed. Absent for CREATE. */
  readonly oldObject?: AnyObject;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** DeleteOptions, PodExecOptions, … */
  readonly options?: object;
  warn(text: string): void;
}

/** A plugin throws a StatusError to refuse. */
export interface AdmissionPlugin {
  readonly name: string;
  admit?(a: Attributes): void | Promise<void>;
  validate?(a: Attributes): void | Promise<void>;
}

export class AdmissionChain {
  constructor(private readonly plugins: readonly AdmissionPlugin[]) {}

  async admit(a: Attributes): Promise<void> {
    for (const p of this.plugins) {
      const done = p.admit?.(a);
      if (done) await done;
    }
  }

  async validate(a: Attributes): Promise<void> {
    for (const p of this.plugins) {
      const done = p.validate?.(a);
      if (done) await done;
    }
  }
}
