/** Creates an object with an own key of this name. `{__proto__: …}` in the source would set a prototype instead. */
const withKey = (key: string, value: unknown): object =>
  JSON.parse(`{${JSON.stringify(key)}:${JSON.stringify(value)}}`) as object;

const nested = (depth: number): object => {
  let value: object = { $ne: null };
  for (let index = 0; index < depth; index += 1) value = index % 2 ? { a: value } : { $and: [value] };
  return value;
};

/** Objects and lists that a database could read as operators, or a program as something special. */
export const OPERATORS: readonly (readonly [string, unknown])[] = [
  ['$ne', { $ne: null }],
  ['$gt', { $gt: '' }],
  ['$regex', { $regex: '.' }],
  ['$where', { $where: 'sleep(1000) || true' }],
  ['$in', { $in: [null, '', 'alice'] }],
  ['$exists', { $exists: true }],
  ['an expression', { $expr: { $eq: [1, 1] } }],
  ['an id of extended JSON', { $oid: '0123456789abcdef01234567' }],
  ['a binary of extended JSON', { $binary: { base64: '', subType: '00' } }],
  ['a placeholder of Socket.IO', { _placeholder: true, num: 0 }],
  ['a list of an operator', [{ $ne: null }]],
  ['a list in a list', [[['x']]]],
  ['a list of nothing', [null]],
  ['__proto__', withKey('__proto__', { isAdmin: true })],
  ['constructor', { constructor: { prototype: { isAdmin: true } } }],
  ['toString', { toString: 'x' }],
  ['toJSON', { toJSON: 'x' }],
  ['length', { length: 1e9 }],
  ['a deep one', nested(60)],
];

/** Scalar values of various types. */
export const SCALARS: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  '',
  'x',
  '$where',
  '__proto__',
  [],
  {},
];

/** True if two values have the same JSON type. Only a schema can decide whether the value fits. */
export const isSameKind = (a: unknown, b: unknown): boolean =>
  typeof a === typeof b && Array.isArray(a) === Array.isArray(b) && (a === null) === (b === null);

/** Extra keys that must be refused in every input object. */
export const EXTRA_KEYS: readonly (readonly [string, unknown])[] = [
  ['$where', '1'],
  ['$set', { role: 'admin' }],
  ['__proto__', { isAdmin: true }],
  ['constructor', { prototype: { isAdmin: true } }],
  ['prototype', {}],
  ['hasOwnProperty', 1],
  ['unknown', 1],
  ['', 1],
  ['a.b', 1],
  ['$', 1],
];

export { withKey };
