/** What .NET calls the types of its simple values. @module */

/** .NET's `System.TypeCode`, as far as EnyimMemcached uses it. */
export const typeCode = {
  empty: 0,
  object: 1,
  dbNull: 2,
  boolean: 3,
  char: 4,
  sbyte: 5,
  byte: 6,
  int16: 7,
  uint16: 8,
  int32: 9,
  uint32: 10,
  int64: 11,
  uint64: 12,
  single: 13,
  double: 14,
  decimal: 15,
  dateTime: 16,
  string: 18,
} as const;

/** In the flags of every item that EnyimMemcached wrote, beside the type code. */
export const MARK = 0x100;
/** EnyimMemcached looks for the type code here, and not at the other bits. */
export const TYPE_CODE_BITS = 0xff;
/** The flags of a `byte[]`, which has no type code. */
export const RAW_BYTES = 0xfa52;
