/** Parts that table columns of many kinds share. */
import { age } from '../meta/human-duration.js';
import { selectorFromObject } from '../meta/labels.js';
import type { ApiObject } from '../meta/object.js';
import type { LabelSelector } from '../meta/types/v1.js';
import type { Column } from './resource.js';

type Cell<T> = Column<T>['cell'];
interface ColumnOptions {
  readonly type?: Column<never>['type'];
  readonly format?: string;
}

export const column = <T>(name: string, cell: Cell<T>, options: ColumnOptions = {}): Column<T> => ({
  name,
  type: 'string',
  ...options,
  cell,
});
/** Shown with `-o wide` only. */
export const wide = <T>(name: string, cell: Cell<T>, options: ColumnOptions = {}): Column<T> => ({
  ...column(name, cell, options),
  priority: 1,
});
export const integer = <T>(name: string, cell: Cell<T>): Column<T> => column(name, cell, { type: 'integer' });
export const boolean = <T>(name: string, cell: Cell<T>): Column<T> => column(name, cell, { type: 'boolean' });
export const nameColumn: Column<ApiObject> = column<ApiObject>('Name', (o) => o.metadata.name ?? '', { format: 'name' });
export const ageColumn: Column<ApiObject> = column<ApiObject>('Age', (o, now) => age(o.metadata.creationTimestamp, now));
/** What kinds without columns of their own show. */
export const plainColumns: readonly Column<ApiObject>[] = [
  nameColumn,
  column<ApiObject>('Created At', (o) => o.metadata.creationTimestamp ?? null, { type: 'date' }),
];

interface PodTemplateLike {
  readonly spec?: { readonly containers?: readonly { readonly name: string; readonly image?: string }[] | null };
}
/** `a,b`: names and images of a template's containers. */
export const containerNames = (template: PodTemplateLike | undefined): string =>
  (template?.spec?.containers ?? []).map((c) => c.name).join(',');
export const containerImages = (template: PodTemplateLike | undefined): string =>
  (template?.spec?.containers ?? []).map((c) => c.image ?? '').join(',');

/** A spec's selector as text; `<none>` where it is absent or empty. */
export function selectorCell(selector: LabelSelector | undefined | null): string {
  if (!selector) return '<none>';
  try {
    return selectorFromObject(selector).toString() || '<none>';
  } catch {
    return '<error>';
  }
}

/** A plain map of labels as text. */
export function labelsCell(labels: Record<string, string> | undefined): string {
  const text = Object.keys(labels ?? {})
    .sort()
    .map((k) => `${k}=${labels![k]}`)
    .join(',');
  return text || '<none>';
}
