import type mongoose from 'mongoose';

type Call = (...args: unknown[]) => unknown;

/** Returns a replacement for a method of a collection; undefined keeps the original. */
export type Interposition = (of: { collection: string; method: string; call: Call }) => Call | undefined;

const over = <Target extends object>(
  target: Target,
  replaced: (name: string, value: unknown) => unknown,
): Target =>
  new Proxy(target, {
    get: (_, name) => {
      const value: unknown = Reflect.get(target, name, target);
      const bound = typeof value === 'function' ? (value.bind(target) as unknown) : value;
      return (typeof name === 'string' ? replaced(name, bound) : undefined) ?? bound;
    },
  });

/** Returns the connection with replaced methods of its collections. */
export const interpose = (connection: mongoose.Connection, between: Interposition): mongoose.Connection =>
  over(connection, (name) =>
    name === 'collection'
      ? (collection: string) =>
          over(connection.collection(collection), (method, value) =>
            typeof value === 'function' ? between({ collection, method, call: value as Call }) : undefined,
          )
      : undefined,
  );
