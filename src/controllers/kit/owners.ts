/** Who controls what: found by an index, not by going through a namespace. */
import type { Informer } from '../../client/informer.js';
import type { ApiObject } from '../../meta/object.js';
import { controllerOf } from '../framework.js';

const BY_CONTROLLER = 'controller';
const nobodyIn = (namespace: string | undefined): string => `none/${namespace ?? ''}`;

/** Before the informer starts. */
export const indexByController = <T extends ApiObject>(informer: Informer<T>): void =>
  informer.index(BY_CONTROLLER, (o) => [controllerOf(o)?.uid ?? nobodyIn(o.metadata.namespace)]);

export const controlledBy = <T>(informer: Informer<T>, uid: string): T[] => informer.byIndex(BY_CONTROLLER, uid);

/** Those of a namespace that have no controller. */
export const controlledByNobody = <T>(informer: Informer<T>, namespace: string | undefined): T[] =>
  informer.byIndex(BY_CONTROLLER, nobodyIn(namespace));
