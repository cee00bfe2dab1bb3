/**
 * Which flags and bytes each client writes. Everything here was seen in what the programs stored.
 *
 * @module
 */

import { MARK, RAW_BYTES, typeCode } from "../enyim/dot_net_types.ts";
import type { ByteSigns } from "./byte_signs.ts";

/**
 * How likely it is that a client wrote an item: only this client writes such flags and bytes; this client and others do;
 * or it is only possible.
 */
export type Confidence = "strong" | "fair" | "weak";

/** What an item may hold for a client. */
export interface Sign {
  /** What the client calls it. */
  readonly holds: string;
  readonly confidence: Confidence;
  /** What the transcoder has to be made with to read it, where that is not its default. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** A client and what it writes. */
export interface DetectRule {
  readonly client: string;
  /** The name of the transcoder for it. */
  readonly transcoder: string;
  /** What the item is, if the client may have written it. */
  sign(flags: number, bytes: ByteSigns): Sign | undefined;
}

function sign(
  holds: string,
  confidence: Confidence,
  options?: Readonly<Record<string, unknown>>,
): Sign {
  return options === undefined ? { holds, confidence } : { holds, confidence, options };
}

/** The sign if something is true. */
function when(condition: boolean, ...args: Parameters<typeof sign>): Sign | undefined {
  return condition ? sign(...args) : undefined;
}

/** Text under flags that mean no more than that. */
function text(bytes: ByteSigns, confidence: Confidence = "weak"): Sign | undefined {
  return when(bytes.isText, "text", confidence);
}

/** Bytes under flags that mean no more than that. */
function bytes(signs: ByteSigns): Sign {
  return sign(signs.isText ? "bytes that are text" : "bytes", "weak");
}

const ENYIM_TYPES: Readonly<Record<number, readonly [name: string, size: number]>> = {
  [typeCode.boolean]: ["a Boolean", 1],
  [typeCode.char]: ["a Char", 2],
  [typeCode.sbyte]: ["an SByte", 1],
  [typeCode.byte]: ["a Byte", 1],
  [typeCode.int16]: ["an Int16", 2],
  [typeCode.uint16]: ["a UInt16", 2],
  [typeCode.int32]: ["an Int32", 4],
  [typeCode.uint32]: ["a UInt32", 4],
  [typeCode.int64]: ["an Int64", 8],
  [typeCode.uint64]: ["a UInt64", 8],
  [typeCode.single]: ["a Single", 4],
  [typeCode.double]: ["a Double", 8],
  [typeCode.dateTime]: ["a DateTime", 8],
};

function moecache(flags: number, bytes: ByteSigns): Sign | undefined {
  const kind = flags & ~0x80;
  if (kind !== 0x100 && kind !== 0x112) return undefined;
  if (kind !== flags) return when(bytes.isGzip || bytes.isZlib, "a compressed value", "strong");
  if (kind === 0x112) return text(bytes, "fair");
  return when(bytes.pickleProtocol !== undefined, "a pickle", "strong");
}

function enyim(flags: number, bytes: ByteSigns): Sign | undefined {
  if (flags === RAW_BYTES) return sign("a byte[]", "strong");
  if (flags >>> 8 !== MARK >>> 8) return undefined;
  const code = flags & 0xff;
  const [name = "", size] = ENYIM_TYPES[code] ?? [];
  if (size !== undefined) return when(bytes.length === size, name, size > 1 ? "strong" : "fair");
  if (code === typeCode.string) return text(bytes, "fair");
  if (code === typeCode.dbNull) return when(bytes.length === 0, "null", "strong");
  return when(code === typeCode.empty && bytes.length === 0, "null", "fair");
}

function enyimObject(flags: number, bytes: ByteSigns): Sign | undefined {
  const isObject = flags === (MARK | typeCode.object);
  if (isObject && bytes.isBinaryFormatter) return sign("an object of BinaryFormatter", "strong");
  return enyim(flags, bytes);
}

function enyimCore(flags: number, bytes: ByteSigns): Sign | undefined {
  const isObject = flags === (MARK | typeCode.object);
  return isObject ? when(bytes.isBson, "BSON", "strong") : enyim(flags, bytes);
}

/** How the clients of Python differ. */
interface PythonFlags {
  readonly text: number;
  readonly bytes: number;
  readonly integer: number;
  readonly boolean?: number;
  /** The protocols that pickles are written in by default. */
  readonly protocol: 0 | 5;
}

function python(known: PythonFlags): DetectRule["sign"] {
  return (flags, bytes) => {
    if (flags === 0 && known.bytes === 0) return sign("bytes", "weak");
    if ((flags & 8) !== 0) {
      const kinds = [1, known.text, known.bytes, known.integer];
      return when(kinds.includes(flags & ~8) && bytes.isZlib, "a compressed value", "strong");
    }
    if (flags === known.text) return text(bytes, flags === 0 ? "weak" : "fair");
    if (flags === known.bytes) {
      // For every other client the bit means text.
      return sign("bytes", bytes.isText && !bytes.hasControls ? "weak" : "fair");
    }
    if (flags === known.boolean) return when(bytes.isBoolean("0"), "a bool", "fair");
    if (flags === known.integer) return when(bytes.isInteger, "an int", "fair");
    const protocol = flags === 1 ? bytes.pickleProtocol : undefined;
    if (protocol === undefined) return undefined;
    const isDefault = known.protocol === 0 ? protocol <= 2 : protocol > 0;
    return sign(`a pickle of protocol ${protocol}`, isDefault ? "strong" : "fair");
  };
}

function pymemcacheJson(flags: number, bytes: ByteSigns): Sign | undefined {
  const options = { json: true };
  if (flags === 1) return when(bytes.isText, "text", "weak", options);
  return when(flags === 2 && bytes.isJson && bytes.isAscii, "JSON", "fair", options);
}

function dalli(flags: number, bytes: ByteSigns): Sign | undefined {
  if (flags > 7) return undefined;
  if ((flags & 2) !== 0) {
    const isValue = (flags & 1) === 1;
    if (bytes.isZlib) return when(flags !== 7, "a compressed value", isValue ? "strong" : "fair");
    return when(bytes.isGzip && flags !== 7, "a compressed value", isValue ? "fair" : "weak");
  }
  if (flags === 1 && bytes.isMarshal) return sign("Ruby's Marshal", "strong");
  if (flags === 1) return when(bytes.isJson, "JSON", "fair", { serializer: "json" });
  if (flags === 4) return text(bytes, "fair");
  return when(flags === 0, "a String", "weak");
}

/** What is compressed does not show which serializer made it. */
function dalliJson(flags: number, bytes: ByteSigns): Sign | undefined {
  const isPacked = flags === 3 && (bytes.isZlib || bytes.isGzip);
  return when(isPacked, "compressed JSON", "weak", { serializer: "json" });
}

/** What php-memcached's low bits of the flags mean, and what the bytes then are. */
const PHP_TYPES: readonly (readonly [holds: string, is: (bytes: ByteSigns) => boolean])[] = [
  ["a string", () => true],
  ["an int", (bytes) => bytes.isInteger],
  ["a float", (bytes) => bytes.isNumber],
  ["a bool", (bytes) => bytes.isBoolean("")],
  ["PHP's serialization", (bytes) => bytes.isPhp],
  ["igbinary", (bytes) => bytes.isIgbinary],
  ["JSON", (bytes) => bytes.isJson],
  ["MessagePack", (bytes) => bytes.length > 0],
];
const PHP_COMPRESSED = 16;
const PHP_COMPRESSIONS = 32 | 64 | 128;
/** The length before compression, in front of what is compressed. */
const PHP_HEADER = 4;

function phpMemcached(flags: number, bytes: ByteSigns): Sign | undefined {
  // A program may use the upper half for itself.
  const own = flags & 0xffff;
  const [holds, is] = PHP_TYPES[own & 15] ?? [];
  if (holds === undefined || is === undefined) return undefined;
  const rest = own & ~15;
  if (rest === 0) return when(is(bytes), holds, confidenceOfPhp(own, bytes));
  if ((rest & PHP_COMPRESSED) === 0 || (rest & ~(PHP_COMPRESSED | PHP_COMPRESSIONS)) !== 0) {
    return undefined;
  }
  return phpCompressed(rest & PHP_COMPRESSIONS, bytes);
}

function confidenceOfPhp(type: number, bytes: ByteSigns): Confidence {
  if (type === 0) return "weak";
  // A float without a fraction is written as an integer, as most clients write those under 2.
  if (type === 2) return bytes.isInteger ? "weak" : bytes.hasBarePoint ? "strong" : "fair";
  if (type === 7) return bytes.isText ? "weak" : "fair";
  return type === 1 || type === 6 ? "fair" : "strong";
}

function phpCompressed(compression: number, bytes: ByteSigns): Sign | undefined {
  const stream = bytes.from(PHP_HEADER);
  switch (compression) {
    case 32:
      return when(stream.isZlib, "a value compressed with zlib", "strong");
    case 64:
      return when(stream.length > 0, "a value compressed with fastlz", "strong");
    case 128:
      return when(stream.isZstd, "a value compressed with zstd", "strong");
  }
  return undefined;
}

function phpMemcache(flags: number, bytes: ByteSigns): Sign | undefined {
  if ((flags & 2) !== 0) {
    const isKnown = (flags & ~0xf03) === 0 && bytes.isZlib;
    return when(isKnown, "a compressed value", flags === 2 ? "fair" : "strong");
  }
  switch (flags) {
    case 0:
      return sign("a string", "weak");
    case 1:
      return when(bytes.isPhp, "PHP's serialization", "strong");
    case 1 << 8:
      return when(bytes.isBoolean("") || bytes.isBoolean("0"), "a bool", "fair");
    case 3 << 8:
      return when(bytes.isInteger, "an int", "strong");
    case 7 << 8:
      return when(bytes.isNumber, "a float", "strong");
  }
  return undefined;
}

/** What the bits from 8 on mean for spymemcached's SerializingTranscoder, and how many bytes there are at most. */
const SPY_TYPES: Readonly<Record<number, readonly [holds: string, most: number]>> = {
  256: ["a Boolean", 1],
  512: ["an Integer", 4],
  768: ["a Long", 8],
  1024: ["a Date", 8],
  1280: ["a Byte", 1],
  1536: ["a Float", 4],
  1792: ["a Double", 8],
  2048: ["a byte[]", Infinity],
};

function spySerializing(flags: number, bytes: ByteSigns): Sign | undefined {
  if ((flags & 2) !== 0) {
    const isKnown = [2, 3, 2048 | 2].includes(flags) && bytes.isGzip;
    return when(isKnown, "a compressed value", flags === 2050 ? "strong" : "fair");
  }
  if (flags === 0) return text(bytes);
  if (flags === 1) return when(bytes.isJava, "Java's serialization", "strong");
  const [holds = "", most = -1] = SPY_TYPES[flags] ?? [];
  // Numbers have no zeros at their beginning.
  if (bytes.length > most || (flags !== 2048 && bytes.bytes[0] === 0)) return undefined;
  if (flags === 256) return when(bytes.isBoolean("0"), holds, "fair");
  return sign(holds, bytes.isText && bytes.length > 0 ? "fair" : "strong");
}

/** The same for its WhalinTranscoder, with exact lengths. */
const WHALIN_TYPES: Readonly<Record<number, readonly [holds: string, size: number]>> = {
  1: ["a Byte", 1],
  4: ["an Integer", 4],
  16: ["a Character", 4],
  128: ["a Float", 4],
  256: ["a Short", 4],
  512: ["a Double", 8],
  1024: ["a Date", 8],
  8192: ["a Boolean", 1],
  16384: ["a Long", 8],
};
const WHALIN_SMALL = [1, 16, 256];

function spyWhalin(flags: number, bytes: ByteSigns): Sign | undefined {
  const options = { kind: "whalin" };
  if ((flags & 2) !== 0) {
    const isKnown = [8, 32, 4096].includes(flags & ~2) && bytes.isGzip;
    return when(isKnown, "a compressed value", "strong", options);
  }
  if (flags === 8) return when(bytes.isJava, "Java's serialization", "strong", options);
  if (flags === 32) return when(bytes.isText, "a String", "strong", options);
  if (flags === 4096) return sign("a byte[]", "strong", options);
  const [holds = "", size] = WHALIN_TYPES[flags] ?? [];
  // Integers of up to two bytes have two zeros before them, or all bits set.
  const isSmall = !WHALIN_SMALL.includes(flags) || size === 1 || bytes.bytes[0] === bytes.bytes[1];
  return when(
    bytes.length === size && isSmall,
    holds,
    bytes.isText && !bytes.hasControls ? "weak" : "strong",
    options,
  );
}

/** The types that WhalinV1Transcoder begins values with, and how long these are. */
const WHALIN_V1_TYPES: Readonly<Record<number, readonly [holds: string, size: number]>> = {
  1: ["a Byte", 1],
  2: ["a Boolean", 1],
  3: ["an Integer", 4],
  4: ["a Long", 8],
  5: ["a Character", 4],
  6: ["a String", -1],
  7: ["a StringBuffer", -1],
  8: ["a Float", 4],
  9: ["a Short", 4],
  10: ["a Double", 8],
  11: ["a Date", 8],
  12: ["a StringBuilder", -1],
  13: ["a byte[]", -1],
};

function spyWhalinV1(flags: number, bytes: ByteSigns): Sign | undefined {
  const options = { kind: "whalinV1" };
  if ((flags & 2) !== 0) {
    return when((flags & ~10) === 0 && bytes.isGzip, "a compressed value", "fair", options);
  }
  if (flags === 8) return when(bytes.isJava, "Java's serialization", "strong", options);
  if (flags !== 0) return undefined;
  const [holds = "", size] = WHALIN_V1_TYPES[bytes.bytes[0] ?? 0] ?? [];
  if (size === -1) return when(bytes.from(1).isText, holds, "strong", options);
  return when(bytes.length - 1 === size, holds, "strong", options);
}

function npmMemcached(flags: number, bytes: ByteSigns): Sign | undefined {
  switch (flags) {
    case 0:
      return text(bytes);
    case 2:
      return when(bytes.isJson && !bytes.isInteger, "JSON", "fair");
    case 4:
      return when(bytes.isText, "a Buffer", "fair");
    case 8:
      return when(bytes.isNumber, "a number", "strong");
  }
  return undefined;
}

function memcacheClient(flags: number, bytes: ByteSigns): Sign | undefined {
  switch (flags) {
    case 0:
      return text(bytes);
    case 1:
    case 3:
    case 5:
    case 9:
      return when(bytes.isZstd, "a compressed value", "strong");
    case 2:
      return when(bytes.isJson && !bytes.isInteger, "JSON", "fair");
    case 4:
      return when(
        bytes.isNumber || new TextDecoder().decode(bytes.bytes) === "null",
        "a number",
        "fair",
      );
    case 8:
      return sign("a Buffer", "fair");
  }
  return undefined;
}

/** Perl has one type for text and bytes. */
function perl(isFast: boolean): DetectRule["sign"] {
  return (flags, bytes) => {
    const most = isFast ? 7 : 3;
    if (flags > most) return undefined;
    if ((flags & 2) !== 0) return when(bytes.isGzip, "a compressed value", "fair");
    if (flags === 1) return when(bytes.isStorable, "Storable", "strong");
    if (flags === 4) return text(bytes, "fair");
    return when(flags === 0, "a scalar", "weak");
  };
}

/**
 * All clients. Equally likely clients are listed in this order: the probably most used first.
 */
export const DETECT_RULES: readonly DetectRule[] = [
  { client: "moecache", transcoder: "moecacheTranscoder", sign: moecache },
  { client: "EnyimMemcachedCore", transcoder: "enyimCoreTranscoder", sign: enyimCore },
  { client: "EnyimMemcached", transcoder: "enyimTranscoder", sign: enyimObject },
  {
    client: "pymemcache",
    transcoder: "pymemcacheTranscoder",
    sign: python({ text: 16, bytes: 0, integer: 2, protocol: 5 }),
  },
  {
    client: "python-memcached",
    transcoder: "pythonMemcachedTranscoder",
    sign: python({ text: 16, bytes: 0, integer: 2, protocol: 0 }),
  },
  {
    client: "pylibmc",
    transcoder: "pylibmcTranscoder",
    sign: python({ text: 16, bytes: 0, integer: 4, boolean: 2, protocol: 5 }),
  },
  {
    client: "python-binary-memcached",
    transcoder: "bmemcachedTranscoder",
    sign: python({ text: 0, bytes: 16, integer: 2, protocol: 0 }),
  },
  { client: "php-memcached", transcoder: "phpMemcachedTranscoder", sign: phpMemcached },
  { client: "dalli", transcoder: "dalliTranscoder", sign: dalli },
  { client: "dalli", transcoder: "dalliTranscoder", sign: dalliJson },
  { client: "spymemcached", transcoder: "spymemcachedTranscoder", sign: spySerializing },
  { client: "npm memcached", transcoder: "npmMemcachedTranscoder", sign: npmMemcached },
  {
    client: "npm memjs",
    transcoder: "memjsTranscoder",
    sign: (flags, signs) => flags === 0 ? bytes(signs) : undefined,
  },
  { client: "npm memcache-client", transcoder: "memcacheClientTranscoder", sign: memcacheClient },
  {
    client: "npm memcache",
    transcoder: "npmMemcacheTranscoder",
    sign: (flags, signs) => flags === 0 ? text(signs) : undefined,
  },
  {
    client: "moecache with JSON",
    transcoder: "jsonTranscoder",
    sign: (flags, signs) => when(flags === 2 && signs.isJson, "JSON", "fair"),
  },
  { client: "pymemcache with JSON", transcoder: "pymemcacheTranscoder", sign: pymemcacheJson },
  { client: "php pecl/memcache", transcoder: "phpMemcacheTranscoder", sign: phpMemcache },
  { client: "Cache::Memcached::Fast", transcoder: "perlMemcachedTranscoder", sign: perl(true) },
  { client: "Cache::Memcached", transcoder: "perlMemcachedTranscoder", sign: perl(false) },
  {
    client: "spymemcached with WhalinTranscoder",
    transcoder: "spymemcachedTranscoder",
    sign: spyWhalin,
  },
  {
    client: "spymemcached with WhalinV1Transcoder",
    transcoder: "spymemcachedTranscoder",
    sign: spyWhalinV1,
  },
];
