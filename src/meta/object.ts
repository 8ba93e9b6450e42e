/** The outline every Kubernetes object has. Built-in kinds have full types under `src/api/types` (generated from the schema tables). */
import type { ListMeta, ObjectMeta } from './types/v1.js';

export interface ApiObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** An object whose shape is not known here: a custom resource, or any kind in generic code. */
export type AnyObject = ApiObject & { [field: string]: unknown };

export interface ApiList<T = AnyObject> {
  apiVersion: string;
  kind: string;
  metadata: ListMeta;
  items: T[];
}

/** What a client hands in to create: any part of the object, but its kind. */
export type Draft<T> = DeepPartial<Omit<T, 'apiVersion' | 'kind'>> & { apiVersion: string; kind: string };
export type DeepPartial<T> = T extends (infer E)[] ? DeepPartial<E>[] : T extends object ? { [K in keyof T]?: DeepPartial<T[K]> } : T;

export interface WatchEvent<T = AnyObject> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: T;
}

/** The four patches, by media type. Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply */
export type PatchType =
  | 'application/json-patch+json'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json'
  | 'application/apply-patch+yaml'
  | 'application/apply-patch+cbor';
