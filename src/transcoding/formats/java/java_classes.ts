/**
 * The classes of plain data in the Java Object Serialization Stream Protocol: their descriptors, as every Java since
 * 1.2 has them. The numbers are their `serialVersionUID`s.
 *
 * @module
 */

/** What a stream begins with: its magic number and version. */
export const MAGIC = 0xaced;
export const VERSION = 5;

/** What parts of a stream begin with. */
export const code = {
  null: 0x70,
  reference: 0x71,
  classDescriptor: 0x72,
  object: 0x73,
  string: 0x74,
  array: 0x75,
  class: 0x76,
  block: 0x77,
  end: 0x78,
  reset: 0x79,
  longBlock: 0x7a,
  exception: 0x7b,
  longString: 0x7c,
  proxy: 0x7d,
  enumConstant: 0x7e,
} as const;

/** The number of the first part that may be referred to. */
export const FIRST_HANDLE = 0x7e0000;

/** Bits that say how objects of a class are written: with data of the class's own, by fields, or all by itself. */
export const classFlag = { writesMore: 1, serializable: 2, externalizable: 4 } as const;

/** A class, as far as it is written. */
export interface JavaClass {
  readonly name: string;
  readonly uid: bigint;
  readonly flags: number;
  /** A letter for the type, and the name; of what is no primitive, the type's own name as well. */
  readonly fields: readonly (readonly [type: string, name: string, signature?: string])[];
  readonly parent?: JavaClass;
}

const SIMPLE = classFlag.serializable;
const OWN = classFlag.serializable | classFlag.writesMore;

const NUMBER: JavaClass = {
  name: "java.lang.Number",
  uid: 0x86ac951d0b94e08bn,
  flags: SIMPLE,
  fields: [],
};
const HASH_MAP: JavaClass = {
  name: "java.util.HashMap",
  uid: 0x0507dac1c31660d1n,
  flags: OWN,
  fields: [["F", "loadFactor"], ["I", "threshold"]],
};
const HASH_SET: JavaClass = {
  name: "java.util.HashSet",
  uid: 0xba44859596b8b734n,
  flags: OWN,
  fields: [],
};

type WrittenClass =
  | "boolean"
  | "integer"
  | "long"
  | "double"
  | "bigInteger"
  | "date"
  | "arrayList"
  | "linkedHashMap"
  | "linkedHashSet"
  | "bytes";

/** The classes that are written. */
export const CLASSES: Readonly<Record<WrittenClass, JavaClass>> = {
  boolean: {
    name: "java.lang.Boolean",
    uid: 0xcd207280d59cfaeen,
    flags: SIMPLE,
    fields: [["Z", "value"]],
  },
  integer: {
    name: "java.lang.Integer",
    uid: 0x12e2a0a4f7818738n,
    flags: SIMPLE,
    fields: [["I", "value"]],
    parent: NUMBER,
  },
  long: {
    name: "java.lang.Long",
    uid: 0x3b8be490cc8f23dfn,
    flags: SIMPLE,
    fields: [["J", "value"]],
    parent: NUMBER,
  },
  double: {
    name: "java.lang.Double",
    uid: 0x80b3c24a296bfb04n,
    flags: SIMPLE,
    fields: [["D", "value"]],
    parent: NUMBER,
  },
  bigInteger: {
    name: "java.math.BigInteger",
    uid: 0x8cfc9f1fa93bfb1dn,
    flags: OWN,
    fields: [
      ["I", "bitCount"],
      ["I", "bitLength"],
      ["I", "firstNonzeroByteNum"],
      ["I", "lowestSetBit"],
      ["I", "signum"],
      ["[", "magnitude", "[B"],
    ],
    parent: NUMBER,
  },
  date: { name: "java.util.Date", uid: 0x686a81014b597419n, flags: OWN, fields: [] },
  arrayList: {
    name: "java.util.ArrayList",
    uid: 0x7881d21d99c7619dn,
    flags: OWN,
    fields: [["I", "size"]],
  },
  linkedHashMap: {
    name: "java.util.LinkedHashMap",
    uid: 0x34c04e5c106cc0fbn,
    flags: SIMPLE,
    fields: [["Z", "accessOrder"]],
    parent: HASH_MAP,
  },
  linkedHashSet: {
    name: "java.util.LinkedHashSet",
    uid: 0xd86cd75a95dd2a1en,
    flags: SIMPLE,
    fields: [],
    parent: HASH_SET,
  },
  bytes: { name: "[B", uid: 0xacf317f8060854e0n, flags: SIMPLE, fields: [] },
};
