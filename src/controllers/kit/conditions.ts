/** Conditions of a status. Source: https://kubernetes.io/docs/reference/using-api/api-concepts/ (the conventions of `conditions`) */

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export const conditionOf = <C extends Condition>(list: readonly C[] | undefined, type: string): C | undefined =>
  list?.find((c) => c.type === type);

/** In place of the one of its type. Of the same status it keeps its transition time; of the same reason, too, it stays whole. */
export function setCondition<C extends Condition>(list: readonly C[] | undefined, next: C): C[] {
  const before = conditionOf(list, next.type);
  if (before?.status === next.status && before.reason === next.reason) return [...(list ?? [])];
  const lastTransitionTime = before?.status === next.status ? before.lastTransitionTime : next.lastTransitionTime;
  return [...withoutCondition(list, next.type), { ...next, lastTransitionTime }];
}

export const withoutCondition = <C extends Condition>(list: readonly C[] | undefined, type: string): C[] =>
  (list ?? []).filter((c) => c.type !== type);
