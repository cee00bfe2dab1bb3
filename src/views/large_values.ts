/** Values beyond memcached's item limit. @module */

import {
  type KeyCommands,
  moecacheTranscoder,
  rawTranscoder,
  type Transcoder,
  ValidationException,
} from "../../mod.ts";
import { checkChoice, checkClient, checkInteger, checkNames } from "../option_checks.ts";
import { itemTranscoder } from "../transcoding/item_codec.ts";
import { LargeRules } from "./large_values/large_rules.ts";
import { type LargeValueCommands, LargeView } from "./large_values/large_view.ts";
import { McrouterFormat } from "./large_values/mcrouter_format.ts";
import { OwnFormat } from "./large_values/own_format.ts";

export type { LargeValueCommands };

/** The options of {@linkcode largeValues}. */
export interface LargeValuesOptions {
  /**
   * The length in bytes from which values are cut, and of the chunks: an integer from 1,024 to 1,073,741,824;
   * 1,000,000 by default, which fits memcached's default item limit of 1 MiB. It may be larger where memcached's
   * `-I` is. Values that were stored with another length can still be read.
   */
  readonly chunkByteLength?: number | undefined;
  /**
   * `"mcrouter"`: large values are stored and read as mcrouter's big-value route does, under flags with the bit
   * 0x8000. By default they have a format of this module's own.
   */
  readonly format?: "mcrouter" | undefined;
  /** With `format: "mcrouter"`: the transcoder of the values. `moecacheTranscoder` by default. */
  readonly transcoder?: Transcoder | undefined;
}

const DEFAULT_CHUNK = 1_000_000;

/**
 * Makes a view whose values may be longer than an item: `Uint8Array`s, strings and streams of any length. Values of
 * other types are stored as the client stores them.
 *
 * A value of up to `chunkByteLength` bytes is stored as it is. A longer one is cut into chunks under random keys of
 * their own, spread over the servers; the chunks are stored first, then under the value's key a list that says where
 * they are. A reader gets the chunks of one list and so never a mixture of two values. A value that lacks a chunk,
 * because memcached has evicted it, is a miss, and is absent for every other command; `replace`, `cas`, `inspect` and
 * `invalidate` read the list and ask for the chunks for that. When a value is replaced or deleted, its chunks are deleted after
 * that; a reader that has met the old list reads the new one. Chunks that are left behind by a client that is
 * killed or cannot reach a server, by two clients that write a key in the same instant, and by stale values that
 * `getOrSet` replaces, expire with the exptime of their value or are evicted.
 *
 * `set` sends bytes that are cut without a copy: do not change them before it has resolved.
 *
 * `append` and `prepend` read and store the value again. `update`, `cas` and `getOrSet` work on the list, so one of
 * several writers wins.
 *
 * @param client Where the values are stored: a client, a namespace, or another view.
 * @param options `chunkByteLength`, `format`, `transcoder`.
 * @returns The commands, `setStream` and `getStream` among them.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example Two megabytes
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { largeValues } from "@moecache/moecache/views";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * const files = largeValues(client);
 * await files.set("file", new Uint8Array(2_000_000), 60);
 * const stream = await files.getStream("file");
 * let byteLength = 0;
 * for await (const chunk of stream ?? []) byteLength += chunk.byteLength;
 * assertEquals(byteLength, 2_000_000);
 * ```
 */
export function largeValues(
  client: KeyCommands,
  options: LargeValuesOptions = {},
): LargeValueCommands {
  checkClient(client);
  checkNames(options, ["chunkByteLength", "format", "transcoder"]);
  const { chunkByteLength = DEFAULT_CHUNK, format, transcoder } = options;
  checkInteger("chunkByteLength", chunkByteLength, 1024, 2 ** 30);
  if (format !== undefined) checkChoice("format", format, ["mcrouter"]);
  if (transcoder !== undefined && format === undefined) {
    const why = `it has an effect with format: "mcrouter" only`;
    throw new ValidationException(`Cannot use transcoder: ${why}`, transcoder);
  }
  if (format === undefined) {
    const withTranscoder = (other: Transcoder) => {
      return largeValues(client.withTranscoder(other), options);
    };
    const rules = new LargeRules(client, new OwnFormat(), chunkByteLength);
    return new LargeView(client, rules, withTranscoder);
  }
  // The marks of `lock` and `once` have flags that no other transcoder stores.
  const isOfItems = transcoder === itemTranscoder;
  const items = client.withTranscoder(
    isOfItems ? itemTranscoder : rawTranscoder({ withFlags: true }),
  );
  const withTranscoder = (other: Transcoder) => {
    return largeValues(client, { chunkByteLength, format, transcoder: other });
  };
  const own = transcoder === undefined ? moecacheTranscoder : transcoder;
  const values = client.withTranscoder(own);
  const rules = new LargeRules(items, new McrouterFormat(own), chunkByteLength, values);
  return new LargeView(items, rules, withTranscoder);
}
