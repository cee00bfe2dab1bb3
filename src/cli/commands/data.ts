/** The commands on keys that the command line names. @module */

import {
  type CasOutcome,
  type Client,
  type KeyCommands,
  type MetaVerb,
  PartialClientException,
  PartialSocketError,
  rawTranscoder,
  type Transcoder,
} from "../../../mod.ts";
import type { Command } from "commander";
import { define, type Job, type Runner } from "../definition.ts";
import { LARGEST_FLAGS } from "../dumped_item.ts";
import { checkMetaSet } from "../listed_items.ts";
import { say } from "../messages.ts";
import { readBigInt, readExptime } from "../quantities.ts";
import { printable } from "../shown_text.ts";
import { inTime, type Terminal } from "../terminal.ts";
import { EXIT, messageOf, UsageFault } from "../usage.ts";
import { fieldOf, safeText, textOf, textOfBytes } from "../value_text.ts";
import { deletePrefix } from "./delete_prefix.ts";

interface SetOptions {
  readonly ttl?: string;
  readonly flags?: string;
  readonly ifAbsent?: boolean;
  readonly ifPresent?: boolean;
  readonly cas?: string;
}

interface CountOptions {
  readonly initial?: string;
  readonly ttl?: string;
}

interface DeleteOptions {
  readonly prefix?: string;
  readonly dryRun?: boolean;
}

interface MetaOptions {
  readonly value?: string;
}

/** Adds `get`, `set`, `del`, `incr`, `decr`, `touch` and `meta`. */
export function addDataCommands(program: Command, runner: Runner): void {
  define(program, runner, {
    usage: "get <keys...>",
    summary: "Print the values of keys; exit code 1 if one is missing.",
    examples: ["get user:1", "get user:1 user:2 --json", "get user:1 --format raw"],
    run: get,
  });
  define<SetOptions>(program, runner, {
    usage: "set <key> [value]",
    summary: "Store a value, or standard input without one.",
    options: [
      ["--ttl <duration>", "when it expires: 90, 90s, 5m, 2h, 1d; 0 for never, the default"],
      ["--flags <n>", "store the bytes as they are, under these flags"],
      ["--if-absent", "only if the key does not exist"],
      ["--if-present", "only if the key exists"],
      ["--cas <n>", "only if the item still has this cas unique, as `inspect` shows it"],
    ],
    examples: ["set greeting hello --ttl 5m", "set job:1 running --if-absent"],
    run: set,
  });
  define<DeleteOptions>(program, runner, {
    usage: "del [keys...]",
    summary: "Delete keys, or all that begin with a prefix, and print how many there were.",
    options: [
      ["--prefix <text>", "delete every key that begins with this text, on each server"],
      ["--dry-run", "with --prefix: only print how many keys there are"],
    ],
    examples: ["del user:2", "del --prefix session: --dry-run", "del --prefix session:"],
    run: del,
  });
  for (const direction of ["incr", "decr"] as const) {
    define<CountOptions>(program, runner, {
      usage: `${direction} <key> [delta]`,
      summary: `${direction === "incr" ? "Increase" : "Decrease"} a counter, by 1 or by delta.`,
      options: [
        ["--initial <n>", "the first number, if the key does not exist"],
        ["--ttl <duration>", "with --initial: when it expires"],
      ],
      examples: [`${direction} visits`, `${direction} visits 5 --initial 100 --ttl 1h`],
      run: (job) => count(direction, job),
    });
  }
  define(program, runner, {
    usage: "touch <key> <ttl>",
    summary: "Change when an item expires.",
    examples: ["touch user:1 1h"],
    run: async ({ args: [key = "", ttl = ""], terminal, fleet }) => {
      const { client } = await fleet();
      const signal = terminal.interrupted;
      return await client.touch(key, readExptime(ttl), { signal }) ? EXIT.done : EXIT.nothing;
    },
  });
  define<MetaOptions>(program, runner, {
    usage: "meta <verb> <key> [flags...]",
    summary:
      "Send a meta command: mg, ms, md, ma or me; print the status, the flags and the value.",
    options: [["--value <text>", "the value of ms; without it, standard input"]],
    examples: ["meta mg user:1 v t s", "meta ms user:3 T60 --value Eve"],
    run: meta,
  });
}

async function get({ args, options, printer, terminal, fleet }: Job<unknown>): Promise<number> {
  const { client } = await fleet();
  const { results: found, code } = await allThatThereIs(
    terminal,
    client.getMany(args, { signal: terminal.interrupted }),
  );
  // One head has to fit texts and bytes.
  const isBytes = Array.from(found.values(), (value: unknown) => value instanceof Uint8Array);
  const fields = new Set(isBytes).size > 1 ? { value: undefined, base64: undefined } : {};
  for (const key of args) {
    if (!found.has(key)) continue;
    const value: unknown = found.get(key);
    if (printer.shape !== "text") await printer.record({ key, ...fields, ...fieldOf(value) }, "");
    else if (args.length > 1) await printer.line(`${printable(key)}\t${printable(textOf(value))}`);
    else if (value instanceof Uint8Array && options.format === "raw" && !terminal.isTerminal) {
      await printer.bytes(value);
    } else await printer.line(terminal.isTerminal ? safeText(textOf(value)) : textOf(value));
  }
  if (code !== EXIT.done) return code;
  return args.every((key) => found.has(key)) ? EXIT.done : EXIT.nothing;
}

/** The results of an operation on several keys. A failure is one line, and the rest goes on. */
async function allThatThereIs<Result>(
  terminal: Terminal,
  operation: Promise<ReadonlyMap<string, Result>>,
): Promise<{ readonly results: ReadonlyMap<string, Result>; readonly code: number }> {
  try {
    return { results: await operation, code: EXIT.done };
  } catch (error) {
    const isPartial = error instanceof PartialSocketError ||
      error instanceof PartialClientException;
    if (!isPartial || terminal.interrupted.aborted) throw error;
    say(terminal, messageOf(error));
    return { results: error.results as ReadonlyMap<string, Result>, code: EXIT.server };
  }
}

async function set(job: Job<SetOptions>): Promise<number> {
  const { args: [key = "", given], options, terminal, fleet } = job;
  const ways = [options.ifAbsent, options.ifPresent, options.cas !== undefined].filter(Boolean);
  if (ways.length > 1) {
    throw new UsageFault("--if-absent, --if-present and --cas exclude each other");
  }
  const exptime = options.ttl === undefined ? 0 : readExptime(options.ttl);
  const { client } = await fleet();
  const signal = terminal.interrupted;
  const bytes = given === undefined ? await terminal.read() : new TextEncoder().encode(given);
  const { commands, value } = stored(client, bytes, options);
  if (options.cas !== undefined) {
    return codeOf(await commands.cas(key, value, readBigInt(options.cas), exptime, { signal }));
  }
  if (options.ifAbsent) return codeOf(await commands.add(key, value, exptime, { signal }));
  if (options.ifPresent) return codeOf(await commands.replace(key, value, exptime, { signal }));
  await commands.set(key, value, exptime, { signal });
  return EXIT.done;
}

interface Stored {
  readonly commands: KeyCommands;
  readonly value: unknown;
}

/** How bytes of the command line are stored: as text in the format, or as they are where flags are given. */
function stored(client: Client, bytes: Uint8Array, options: Job<SetOptions>["options"]): Stored {
  const { flags, format } = options;
  if (flags !== undefined) {
    const number = Number(readBigInt(flags));
    if (number > LARGEST_FLAGS) {
      throw new UsageFault(`the option --flags "${flags}" is more than ${LARGEST_FLAGS}`);
    }
    const transcoder = rawTranscoder({ withFlags: true }) as Transcoder;
    const value = { flags: number, data: bytes };
    return { commands: client.withTranscoder(transcoder), value };
  }
  const value = format === "raw" ? bytes : textOfBytes(bytes) ?? bytes;
  if (format === "json" && typeof value !== "string") {
    throw new UsageFault("JSON has no bytes, and this is not UTF-8: use --format raw");
  }
  return { commands: client, value };
}

function codeOf(outcome: boolean | CasOutcome): number {
  return outcome === true || outcome === "stored" ? EXIT.done : EXIT.nothing;
}

async function del(job: Job<DeleteOptions>): Promise<number> {
  const { args, options: { prefix, dryRun = false }, printer, terminal, fleet } = job;
  if ((prefix === undefined) === (args.length === 0)) {
    throw new UsageFault("del takes either keys or --prefix");
  }
  if (prefix !== undefined) return await deletePrefix(job, prefix, dryRun);
  if (dryRun) throw new UsageFault("--dry-run goes with --prefix");
  const { client } = await fleet();
  const { results, code } = await allThatThereIs(
    terminal,
    client.deleteMany(args, { signal: terminal.interrupted }),
  );
  const deleted = [...results.values()].filter(Boolean).length;
  await printer.record({ deleted }, String(deleted));
  if (code !== EXIT.done) return code;
  return deleted > 0 ? EXIT.done : EXIT.nothing;
}

async function count(direction: "incr" | "decr", job: Job<CountOptions>): Promise<number> {
  const { args: [key = "", delta = "1"], options: { initial, ttl }, printer, terminal, fleet } =
    job;
  if (ttl !== undefined && initial === undefined) {
    throw new UsageFault("--ttl goes with --initial: incr and decr change no lifetime");
  }
  const { client } = await fleet();
  const value = await client[direction](key, readBigInt(delta), {
    signal: terminal.interrupted,
    ...(initial === undefined ? {} : { initial: readBigInt(initial) }),
    ...(ttl === undefined ? {} : { exptime: readExptime(ttl) }),
  });
  if (value === undefined) return EXIT.nothing;
  await printer.record({ key, value }, String(value));
  return EXIT.done;
}

async function meta(job: Job<MetaOptions>): Promise<number> {
  const { args: [verb = "", key = "", ...flags], options, printer, terminal, fleet } = job;
  const servers = await fleet();
  const { client } = servers;
  const value = verb !== "ms" ? undefined : options.value ?? await terminal.read();
  if (verb === "ms") {
    await inTime(terminal, checkMetaSet(servers.at(client.locate(key).server)));
  }
  const signal = terminal.interrupted;
  const reply = await client.meta(verb as MetaVerb, key, flags, value, { signal });
  if (printer.shape !== "text") {
    const { value: data, ...rest } = reply;
    await printer.record({ key, ...rest, ...(data && fieldOf(textOfBytes(data) ?? data)) }, "");
  } else {
    const tokens = Object.entries(reply.flags).map(([flag, token]) => flag + token);
    await printer.line([reply.status, ...tokens].map(printable).join(" "));
    for (const [name, token] of Object.entries(reply.debug ?? {})) {
      await printer.line(printable(`${name}=${token}`));
    }
    if (reply.value !== undefined) await printer.line(safeText(textOf(reply.value)));
  }
  return ["EN", "NF", "NS", "EX"].includes(reply.status) ? EXIT.nothing : EXIT.done;
}
