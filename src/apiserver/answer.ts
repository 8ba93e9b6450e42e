/** What a handler gives back, before it is encoded for the client that asked. In-process callers take it as it is. */
import type { ResourceDefinition } from '../api/resource.js';
import type { ApiObject, WatchEvent } from '../meta/object.js';
import type { Entry } from './storage/entry.js';
import type { ResourceWatch } from './storage/watch.js';

export type Answer =
  /** One stored object: its bytes are at hand. */
  | { readonly is: 'entry'; readonly status: number; readonly entry: Entry; readonly definition: ResourceDefinition }
  /** One object that is not (yet) stored: a dry run, a review, a Status. `definition` where it has columns. */
  | {
      readonly is: 'object';
      readonly status: number;
      readonly object: object;
      readonly definition?: ResourceDefinition;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | ListAnswer
  | { readonly is: 'watch'; readonly definition: ResourceDefinition; readonly watch: ResourceWatch }
  | {
      readonly is: 'bytes';
      readonly status: number;
      readonly contentType: string;
      readonly bytes: Uint8Array;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** A body of unknown length (logs, a proxied answer). */
  | {
      readonly is: 'stream';
      readonly status: number;
      readonly headers: Readonly<Record<string, string | readonly string[]>>;
      readonly body: AsyncIterable<Uint8Array>;
    };

export interface ListAnswer {
  readonly is: 'list';
  readonly definition: ResourceDefinition;
  readonly entries: readonly Entry[];
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export const objectAnswer = (status: number, object: object, definition?: ResourceDefinition): Answer => ({
  is: 'object',
  status,
  object,
  definition,
});

export type AnyWatchEvent = WatchEvent<ApiObject>;
