/**
 * Stores the files of a folder in memcached, reads them back and compares them byte for byte.
 *
 * ```sh
 * deno run --allow-net --allow-read examples/store_folder.ts
 * deno run --allow-net --allow-read examples/store_folder.ts ~/Pictures --servers 127.0.0.1:11211,127.0.0.1:11212
 * ```
 *
 * @module
 */

// deno-lint-ignore-file no-console

import { Client, ClientException, SocketError, type Stats } from "@moecache/moecache";
import { MemcachedServer } from "@moecache/moecache/testing";

const USAGE = `Usage: store_folder.ts [folder] [--servers host:port,host:port]

Stores every file of a folder in memcached, reads all back and compares them byte for byte.

  folder, --folder FOLDER  what to store; the default is src/ of this repository
  --servers SERVERS        where to; the default is two servers inside this program
  --help                   this text`;

/** memcached takes no more than 1 MiB, with the key and some bytes of its own. */
const MAX_FILE_SIZE = 1_000_000;
const MAX_KEY_LENGTH = 250;
const KEY_PREFIX = "moecache-folder:";
/** The program leaves nothing behind on servers that are not its own. */
const EXPTIME = 300;
const EMBEDDED_MEMORY = 1024 * 1024 * 1024;

interface Options {
  readonly folder: string;
  /** Names of the servers; none for embedded ones. */
  readonly servers: readonly string[];
}

/** A file, in each form in which it is stored. */
interface StoredFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Its contents as a string, unless they are not UTF-8. */
  readonly text: string | undefined;
  readonly facts: Facts;
}

/** What is known about a file. */
interface Facts {
  readonly path: string;
  readonly size: number;
  readonly lines: number;
  readonly modified: Date | null;
  readonly sha256: string;
}

/** One value in memcached. */
interface Item {
  readonly key: string;
  readonly value: string | Uint8Array | Facts;
}

class UsageError extends Error {}

/** Runs the program; resolves to the exit status. */
async function main(args: string[]): Promise<number> {
  try {
    const options = parseArguments(args);
    if (options !== undefined) return await demonstrate(options) ? 0 : 1;
    console.log(USAGE);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n\n${USAGE}`);
      return 2;
    }
    if (error instanceof SocketError || error instanceof ClientException) {
      console.error(`${error.name}: ${error.message}`);
      return 1;
    }
    throw error;
  }
}

/** Reads the command line; resolves to `undefined` when it asks for help. */
function parseArguments(args: string[]): Options | undefined {
  let folder: string | undefined;
  let servers: string[] = [];
  // Both `--name value` and `--name=value`.
  const words = args.flatMap((word) => word.match(/^(--\w+)=(.*)$/)?.slice(1) ?? [word]);
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === "--help" || word === "-h") return undefined;
    else if (word === "--servers") servers = valueOf(word, words.shift()).split(",");
    else if (word === "--folder") folder = valueOf(word, words.shift());
    else if (word.startsWith("-")) throw new UsageError(`Unknown option: ${word}`);
    else if (folder !== undefined) throw new UsageError(`More than one folder: ${word}`);
    else folder = word;
  }
  return { folder: folder ?? decodeURI(new URL("../src", import.meta.url).pathname), servers };
}

function valueOf(option: string, value: string | undefined): string {
  if (value) return value;
  throw new UsageError(`Missing value: ${option}`);
}

/** Does the work; resolves to whether everything came back as it was. */
async function demonstrate({ folder, servers }: Options): Promise<boolean> {
  const items = await itemsOf(await readFolder(folder));
  await using stack = new AsyncDisposableStack();
  const names = servers.length > 0 ? servers : await startServers(stack);
  const client = stack.use(new Client(names, { connectTimeout: 5000, timeout: 30_000 }));

  const before = await client.stats();
  const start = performance.now();
  const stored = await store(client, items);
  const faults = await compare(client, stored);
  const isDeleted = stored[0] === undefined || await deleteOne(client, stored[0].key);
  const seconds = (performance.now() - start) / 1000;

  const after = await client.stats();
  const evictions = grown(before, after, "evictions");
  if (evictions > 0) console.log(`The servers are too small: they evicted ${evictions} items`);
  console.log(`\n${table(names, before, after, seconds)}`);
  return faults === 0 && isDeleted;
}

async function startServers(stack: AsyncDisposableStack): Promise<string[]> {
  const options = { memoryLimit: EMBEDDED_MEMORY };
  const first = stack.use(await MemcachedServer.listen(options));
  const second = stack.use(await MemcachedServer.listen(options));
  return [first.address, second.address];
}

/** Reads every file of a folder, and of the folders in it, and says what it leaves out. */
async function readFolder(folder: string): Promise<StoredFile[]> {
  const files: StoredFile[] = [];
  for await (const path of walk(folder)) {
    const file = await readFile(folder, path);
    if (typeof file === "string") console.log(`Skipped ${path}: ${file}`);
    else files.push(file);
  }
  const size = files.reduce((sum, { facts }) => sum + facts.size, 0);
  console.log(`Read ${files.length} files of ${folder}: ${size.toLocaleString("en")} bytes`);
  return files;
}

/** The paths of all files in a folder, relative to it; links are not followed. */
async function* walk(folder: string, inside = ""): AsyncGenerator<string> {
  for await (const { name, isDirectory, isFile } of list(`${folder}/${inside}`)) {
    if (isFile) yield inside + name;
    if (isDirectory) yield* walk(folder, `${inside}${name}/`);
  }
}

async function* list(folder: string): AsyncGenerator<Deno.DirEntry> {
  try {
    yield* Deno.readDir(folder);
  } catch (error) {
    throw new UsageError(`Cannot read folder "${folder}": ${reasonOf(error)}`);
  }
}

/** Reads a file; resolves to the reason when it has to be left out. */
async function readFile(folder: string, path: string): Promise<StoredFile | string> {
  try {
    const { size, mtime } = await Deno.stat(`${folder}/${path}`);
    if (size > MAX_FILE_SIZE) return `larger than ${MAX_FILE_SIZE.toLocaleString("en")} bytes`;
    const bytes = await Deno.readFile(`${folder}/${path}`);
    const lines = bytes.reduce((count, byte) => byte === 0x0a ? count + 1 : count, 0);
    const sha256 = await sha256Of(bytes);
    const facts: Facts = { path, size: bytes.byteLength, lines, modified: mtime, sha256 };
    return { path, bytes, text: textOf(bytes), facts };
  } catch (error) {
    return reasonOf(error);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "not found";
  if (error instanceof Deno.errors.NotADirectory) return "not a folder";
  if (error instanceof Deno.errors.PermissionDenied) return "not readable";
  throw error;
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** A file's contents as a string and as bytes, and its facts, each under a key of its own. */
async function itemsOf(files: readonly StoredFile[]): Promise<Item[]> {
  const items: Item[] = [];
  for (const { path, text, bytes, facts } of files) {
    if (text === undefined) console.log(`No string for ${path}: not UTF-8`);
    else items.push({ key: await keyOf("text", path), value: text });
    items.push({ key: await keyOf("bytes", path), value: bytes });
    items.push({ key: await keyOf("facts", path), value: facts });
  }
  return items;
}

/** A path as a key: escaped, since keys are printable ASCII, and hashed where that is too long. */
async function keyOf(form: string, path: string): Promise<string> {
  const key = `${KEY_PREFIX}${form}:${path.split("/").map(encodeURIComponent).join("/")}`;
  if (key.length <= MAX_KEY_LENGTH) return key;
  return `${KEY_PREFIX}${form}:sha256:${await sha256Of(new TextEncoder().encode(path))}`;
}

/** Stores all items at once; resolves to those that the servers took. */
async function store(client: Client, items: readonly Item[]): Promise<Item[]> {
  const refusals = await Promise.all(items.map(({ key, value }) => refusal(client, key, value)));
  items.forEach(({ key }, i) => refusals[i] && console.log(`Refused ${key}: ${refusals[i]}`));
  const stored = items.filter((_, i) => refusals[i] === undefined);
  console.log(`Stored ${stored.length} values`);
  return stored;
}

/** Stores a value; resolves to the reason when it is refused, for its size for instance. */
async function refusal(
  client: Client,
  key: string,
  value: unknown,
): Promise<string | undefined> {
  try {
    await client.set(key, value, EXPTIME);
    return undefined;
  } catch (error) {
    if (error instanceof ClientException) return error.message;
    throw error;
  }
}

/** Reads all items back at once; resolves to how many are not there or not what they were. */
async function compare(client: Client, items: readonly Item[]): Promise<number> {
  const values = await Promise.all(items.map(({ key }) => client.get(key)));
  let faults = 0;
  items.forEach(({ key, value }, i) => {
    if (isSame(value, values[i])) return;
    console.log(`${values[i] === undefined ? "MISSING" : "DIFFERENT"}: ${key}`);
    faults++;
  });
  console.log(`Read ${items.length} values back: ${faults} missing or different`);
  return faults;
}

function isSame(expected: unknown, actual: unknown): boolean {
  if (expected instanceof Uint8Array) {
    return actual instanceof Uint8Array && actual.byteLength === expected.byteLength &&
      actual.every((byte, i) => byte === expected[i]);
  }
  if (expected instanceof Date) {
    return actual instanceof Date && actual.getTime() === expected.getTime();
  }
  if (typeof expected !== "object" || expected === null) return actual === expected;
  return typeof actual === "object" && actual !== null &&
    Object.entries(expected).every(([name, value]) => isSame(value, Reflect.get(actual, name)));
}

/** Deletes a key; resolves to whether it was there before and is not any more. */
async function deleteOne(client: Client, key: string): Promise<boolean> {
  const existed = await client.delete(key);
  const value = await client.get(key);
  console.log(`Deleted ${key}: delete() → ${existed}, get() → ${value}`);
  return existed && value === undefined;
}

/** What each server says about itself, and what of it is this program's doing. */
function table(names: readonly string[], before: Stats[], after: Stats[], seconds: number): string {
  const allSets = grown(before, after, "cmd_set") || 1;
  const rows = names.map((name, i) => {
    const [from, to] = [before.slice(i, i + 1), after.slice(i, i + 1)];
    const operations = grown(from, to, "cmd_get", "cmd_set", "delete_hits", "delete_misses");
    return [
      name,
      format(count(after[i], "curr_items")),
      format(count(after[i], "bytes")),
      `${(100 * grown(from, to, "cmd_set") / allSets).toFixed(1)} %`,
      format(Math.round(operations / seconds)),
    ];
  });
  return alignColumns([["server", "items", "bytes", "keys", "operations/s"], ...rows]);
}

/** By how much counters have grown, all servers and all of the counters together. */
function grown(before: Stats[], after: Stats[], ...counters: string[]): number {
  const sum = (all: Stats[]) =>
    counters.flatMap((name) => all.map((stats) => count(stats, name))).reduce((a, b) => a + b, 0);
  return sum(after) - sum(before);
}

function count(stats: Stats | undefined, name: string): number {
  return Number(stats?.[name] ?? 0);
}

function format(number: number): string {
  return number.toLocaleString("en");
}

/** Lines of a table whose first column is names and whose others are numbers. */
function alignColumns(rows: string[][]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join("  ")
  ).join("\n");
}

Deno.exit(await main(Deno.args));
