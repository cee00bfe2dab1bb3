/**
 * The plain types of BSON (bsonspec.org 1.1), and the names of all others.
 *
 * @module
 */

/** The byte that each plain type begins with. */
export const bsonType = {
  double: 0x01,
  string: 0x02,
  document: 0x03,
  array: 0x04,
  binary: 0x05,
  boolean: 0x08,
  date: 0x09,
  null: 0x0a,
  int32: 0x10,
  int64: 0x12,
} as const;

/** The kind of binary that is bytes and nothing else. */
export const BYTES = 0x00;

/** Types that JavaScript has nothing like, for people who search for what wrote them. */
export const UNREAD: Readonly<Record<number, string>> = {
  0x06: "undefined",
  0x07: "ObjectId",
  0x0b: "regular expression",
  0x0c: "DBPointer",
  0x0d: "JavaScript code",
  0x0e: "symbol",
  0x0f: "JavaScript code with scope",
  0x11: "timestamp",
  0x13: "Decimal128",
  0x7f: "MaxKey",
  0xff: "MinKey",
};
