/**
 * Finds the clients that could have written an item, for investigating a memcached with unknown programs.
 *
 * @example What is this?
 * ```ts
 * import { detectFormat } from "@moecache/moecache/formats/detect";
 * import { pymemcacheTranscoder } from "@moecache/moecache/formats";
 * import { assertEquals } from "@std/assert";
 *
 * const pickle = Uint8Array.of(0x80, 5, 0x88, 0x2e);
 * const [best] = await detectFormat(1, pickle, { pymemcacheTranscoder });
 * assertEquals(best, {
 *   client: "pymemcache",
 *   transcoder: "pymemcacheTranscoder",
 *   holds: "a pickle of protocol 5",
 *   confidence: "strong",
 *   value: true,
 * });
 * ```
 *
 * @module
 */

import { invalidOption } from "../../option_checks.ts";
import { checkTranscoder, isFlags } from "../item_codec.ts";
import type { Transcoder } from "../transcoder.ts";
import { ByteSigns } from "./byte_signs.ts";
import { type Confidence, DETECT_RULES } from "./detect_rules.ts";

export type { Confidence };

/** A client that could have written an item. */
export interface DetectedFormat {
  /** The client's name, as its own community writes it. */
  readonly client: string;
  /** The name of the transcoder that reads its items. */
  readonly transcoder: string;
  /** The options that the transcoder needs to read the item, if its defaults do not read it. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** What the item holds then: `"text"`, `"a pickle of protocol 5"`, `"an Int32"` … */
  readonly holds: string;
  /** How likely it is that this client wrote the item: `"strong"`, `"fair"` or `"weak"`. */
  readonly confidence: Confidence;
  /** What the transcoder reads, if it was handed over. */
  readonly value?: unknown;
  /** Why it cannot read the item, if it was handed over and cannot. */
  readonly error?: unknown;
}

/** The best comes first. */
const ORDER: readonly Confidence[] = ["strong", "fair", "weak"];

/**
 * Finds the clients that could have written an item, the most likely first.
 *
 * The flags say most, and the bytes exclude formats. `confidence` is `"strong"` if few clients write such flags and
 * bytes, `"fair"` if several do, and `"weak"` if only nothing contradicts it: text with flags 0 may be from nearly any
 * client. Clients whose transcoder was handed over and cannot read the item come last.
 *
 * @param flags The item's client flags, 0 to 4,294,967,295.
 * @param data The item's bytes. They are neither kept nor changed.
 * @param transcoders Transcoders by their names, to read the item with. One with a name of your own is listed as another
 * client, if it reads the item.
 * @returns The clients; an empty array when no client is known that writes such an item.
 * @throws {ValidationException} When the flags are not a number of 32 bits, the bytes are not a `Uint8Array`, or one of
 * `transcoders` is not a transcoder.
 *
 * @example The formats of a client's items
 * ```ts
 * import { Client, rawTranscoder } from "@moecache/moecache";
 * import { detectFormat } from "@moecache/moecache/formats/detect";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * const transcoder = rawTranscoder({ withFlags: true });
 * await using client = new Client(server.address, { transcoder });
 *
 * await client.set("key", { flags: 265, data: Uint8Array.of(5, 0, 0, 0) });
 * const item = await client.get("key") as { flags: number; data: Uint8Array };
 * const found = await detectFormat(item.flags, item.data);
 * assertEquals(found.map(({ client }) => client), ["EnyimMemcachedCore", "EnyimMemcached"]);
 * ```
 */
export async function detectFormat(
  flags: number,
  data: Uint8Array,
  transcoders: Readonly<Record<string, Transcoder>> = {},
): Promise<DetectedFormat[]> {
  if (!isFlags(flags)) throw invalidOption("flags", flags, "an integer from 0 to 0xffffffff");
  if (!(data instanceof Uint8Array)) throw invalidOption("data", data, "a Uint8Array");
  if (Object(transcoders) !== transcoders) {
    throw invalidOption("transcoders", transcoders, "a plain object");
  }
  for (const name of Object.keys(transcoders)) checkTranscoder(transcoders[name]);
  const bytes = new Uint8Array(data);
  const found = [...byRules(flags, bytes), ...others(transcoders)];
  const read: DetectedFormat[] = [];
  for (const each of found) read.push(await withValue(each, { flags, data: bytes }, transcoders));
  const isOther = ({ transcoder, error }: DetectedFormat) =>
    error !== undefined && !isKnown(transcoder);
  return read.filter((each) => !isOther(each)).toSorted((a, b) => rank(a) - rank(b));
}

function byRules(flags: number, bytes: Uint8Array): DetectedFormat[] {
  const signs = new ByteSigns(bytes);
  return DETECT_RULES.flatMap(({ client, transcoder, sign }) => {
    const found = sign(flags, signs);
    return found === undefined ? [] : [{ client, transcoder, ...found }];
  });
}

/** Transcoders that no rule is about. */
function others(transcoders: Readonly<Record<string, Transcoder>>): DetectedFormat[] {
  return Object.keys(transcoders).filter((name) => !isKnown(name)).map((name) => ({
    client: name,
    transcoder: name,
    holds: "what it reads",
    confidence: "weak",
  }));
}

function isKnown(name: string): boolean {
  return DETECT_RULES.some(({ transcoder }) => transcoder === name);
}

async function withValue(
  found: DetectedFormat,
  { flags, data }: { readonly flags: number; readonly data: Uint8Array },
  transcoders: Readonly<Record<string, Transcoder>>,
): Promise<DetectedFormat> {
  const { transcoder: name, options } = found;
  if (!Object.hasOwn(transcoders, name)) return found;
  try {
    const transcoder = madeWith(transcoders[name] as Transcoder, options);
    return { ...found, value: await transcoder.decode({ flags, data: data.slice() }) };
  } catch (error) {
    return { ...found, error };
  }
}

/** The transcoders of this library are functions of their options. */
function madeWith(
  transcoder: Transcoder,
  options: Readonly<Record<string, unknown>> | undefined,
): Transcoder {
  if (options === undefined || typeof transcoder !== "function") return transcoder;
  return (transcoder as (options: unknown) => Transcoder)(options);
}

function rank({ confidence, error }: DetectedFormat): number {
  return ORDER.indexOf(confidence) + (error === undefined ? 0 : ORDER.length);
}
