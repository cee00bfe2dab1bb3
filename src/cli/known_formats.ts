/** The formats of values by the names that `--format` takes, each loaded when it is asked for. @module */

import { jsonTranscoder, moecacheTranscoder, rawTranscoder, type Transcoder } from "../../mod.ts";
import { UsageFault } from "./usage.ts";

/** Loads the transcoders of the library's entries, under the names that they are exported by. */
async function loadFormats(): Promise<Readonly<Record<string, unknown>>> {
  const modules = await Promise.all([
    import("../transcoding/mod.ts"),
    import("../transcoding/formats/dalli/mod.ts"),
    import("../transcoding/formats/php/mod.ts"),
    import("../transcoding/formats/java/mod.ts"),
    import("../transcoding/formats/perl/mod.ts"),
  ]);
  return Object.assign({ moecacheTranscoder, jsonTranscoder }, ...modules);
}

/** The names for `--format`, and those of their transcoders. */
const FORMATS: Readonly<Record<string, string>> = {
  "moecache": "moecacheTranscoder",
  "json": "jsonTranscoder",
  "raw": "rawTranscoder",
  "bmemcached": "bmemcachedTranscoder",
  "dalli": "dalliTranscoder",
  "enyim": "enyimTranscoder",
  "enyim-core": "enyimCoreTranscoder",
  "memcache-client": "memcacheClientTranscoder",
  "memjs": "memjsTranscoder",
  "npm-memcache": "npmMemcacheTranscoder",
  "npm-memcached": "npmMemcachedTranscoder",
  "php-memcache": "phpMemcacheTranscoder",
  "php-memcached": "phpMemcachedTranscoder",
  "pylibmc": "pylibmcTranscoder",
  "pymemcache": "pymemcacheTranscoder",
  "python-memcached": "pythonMemcachedTranscoder",
  "spymemcached": "spymemcachedTranscoder",
};

/** The names for `--format`. */
export const FORMAT_NAMES: readonly string[] = Object.keys(FORMATS);

/** Finds a format by its name. */
export async function formatOf(name: string): Promise<Transcoder> {
  const transcoder = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  if (transcoder === undefined) {
    throw new UsageFault(`there is no format "${name}": ${FORMAT_NAMES.join(", ")}`);
  }
  if (name === "moecache") return moecacheTranscoder;
  if (name === "json") return jsonTranscoder() as Transcoder;
  if (name === "raw") return rawTranscoder as Transcoder;
  return (await loadFormats())[transcoder] as Transcoder;
}

/** Every transcoder, by the name that `detectFormat` has for it. */
export async function allTranscoders(): Promise<Readonly<Record<string, Transcoder>>> {
  const all = await loadFormats();
  const names = Object.values(FORMATS).filter((name) => name !== "rawTranscoder");
  return Object.fromEntries(names.map((name) => [name, all[name] as Transcoder]));
}
