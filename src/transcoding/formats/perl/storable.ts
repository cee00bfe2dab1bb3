/** The codes of Perl's Storable. @module */

/** The major version that all of today's have. */
export const MAJOR = 2;
/** The minor version that is written; others differ in what they may hold. */
export const MINOR = 11;

/** How `freeze` describes a little-endian machine of 64 bits, with the sizes of its numbers and pointers. */
export const NATIVE_ORDER = "12345678\x04\x08\x08\x08";

/** What a value begins with. */
export const code = {
  object: 0,
  longScalar: 1,
  array: 2,
  hash: 3,
  reference: 4,
  undef: 5,
  integer: 6,
  double: 7,
  byte: 8,
  networkInteger: 9,
  scalar: 10,
  tiedArray: 11,
  tiedHash: 12,
  tiedScalar: 13,
  undefValue: 14,
  yes: 15,
  no: 16,
  bless: 17,
  knownBless: 18,
  hook: 19,
  overloaded: 20,
  tiedKey: 21,
  tiedIndex: 22,
  utf8: 23,
  longUtf8: 24,
  flagHash: 25,
  sub: 26,
  weakReference: 27,
  weakOverloaded: 28,
  versionString: 29,
  longVersionString: 30,
  undefItem: 31,
  regexp: 32,
  true: 34,
  false: 35,
} as const;

/** The flags of a key of a hash. */
export const keyFlag = { utf8: 1, wasUtf8: 2, placeholder: 4, isScalar: 8 } as const;
