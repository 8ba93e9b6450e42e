/** What a list or a watch selects of a resource. */
import type { AnyObject } from '../../meta/object.js';
import type { Entry } from './entry.js';

export type Filter = (object: AnyObject) => boolean;

/** A field that must have one value, read from what is stored. What has another value need not be asked. */
export interface Pin {
  readonly field: string;
  readonly value: string;
  readonly of: (entry: Entry) => string;
}

export interface Selection {
  /** '' for all. */
  readonly namespace: string;
  /** Undefined: every object. */
  readonly matches?: Filter;
  readonly pin?: Pin;
  /** Selections with the same text are the same: watches that share one are asked once. Undefined: its own. */
  readonly text?: string;
}

export const EVERYTHING: Selection = { namespace: '' };
