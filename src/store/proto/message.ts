/** The TypeScript types of the messages, read from the lines of `schema.ts`. */
import type { schema } from './schema.js';

type Schema = typeof schema;
export type MessageName = keyof Schema;

interface Scalars {
  key: string;
  bytes: Uint8Array;
  string: string;
  int: number;
  id: bigint;
  uid: bigint;
  u32: number;
  bool: boolean;
  enum: number;
}

type Field<Line extends string> = Line extends `${infer Name} ${number} ${infer Type}` ? { name: Name; type: Type } : never;
type Fields<Text extends string> = Text extends `${infer First}, ${infer Rest}`
  ? Field<First> | Fields<Rest>
  : Text extends ''
    ? never
    : Field<Text>;
type FieldOf<Name extends MessageName> = Fields<Schema[Name]>;

/** A decoded message: absent scalars have their zero, absent messages are undefined, repeated fields are arrays. */
export type Message<Name extends MessageName> = {
  readonly [F in FieldOf<Name> as F['name']]: F['type'] extends `${infer Item}[]`
    ? readonly Decoded<Item>[]
    : F['type'] extends keyof Scalars
      ? Scalars[F['type']]
      : Decoded<F['type']> | undefined;
};
type Decoded<Type> = Type extends keyof Scalars ? Scalars[Type] : Type extends MessageName ? Message<Type> : never;

/** A message to be encoded: what is zero or absent is not written. */
export type Draft<Name extends MessageName> = {
  readonly [F in FieldOf<Name> as F['name']]?: F['type'] extends `${infer Item}[]`
    ? readonly Encodable<Item>[]
    : Encodable<F['type']> | undefined;
};
type Encodable<Type> = Type extends keyof Scalars ? Scalars[Type] : Type extends MessageName ? Draft<Type> : never;
