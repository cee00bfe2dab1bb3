/** What a view asks of the commands that it stands on. @module */

import { type KeyCommands, Namespace, type OperationOptions } from "../../mod.ts";
import { KEY_COMMAND_OPTIONS } from "../commands/operation_options.ts";
import { sessionOf } from "../commands/session.ts";
import { checkSignal, copyOptions, type OptionTypes } from "../option_checks.ts";
import { MAX_KEY_LENGTH } from "../protocol/key.ts";
import type { KeyFormat } from "../protocol/key_format.ts";
import { longestKeyIn, takesKey } from "../protocol/longest_key.ts";
import { baseOf } from "./call_rules.ts";

/** The longest key that these commands take. */
export function longestKeyOf(commands: KeyCommands): number {
  const keys = keyFormatOf(commands);
  const longest = keys === undefined ? MAX_KEY_LENGTH : longestKeyIn(keys);
  if (commands instanceof Namespace) return commands.longestKey - (MAX_KEY_LENGTH - longest);
  return commands.longestKey ?? longest;
}

/**
 * Whether these commands take a key that a view derives from one of the caller's. A format may make it longer than its
 * characters are many, as UTF-8 does.
 */
export function takesDerivedKey(commands: KeyCommands, key: string): boolean {
  if (key.length > longestKeyOf(commands)) return false;
  const base = baseOf(commands);
  const format = keyFormatOf(base);
  if (format === undefined) return true;
  // As much as the prefixes and generations of namespaces take.
  const around = base instanceof Namespace ? MAX_KEY_LENGTH - base.longestKey : 0;
  return takesKey(format, "x".repeat(around) + key);
}

/** The format that a client gives its keys, where it has one. */
export function keyFormatOf(commands: KeyCommands): KeyFormat | undefined {
  return sessionOf(commands)?.settings.keys;
}

/** Makes of a key what a client sends for it: two keys of the caller's may be those of one item. */
export function sentKeysOf(commands: KeyCommands): (key: string) => string {
  const base = baseOf(commands);
  const keys = keyFormatOf(base);
  // Which keys are those of one item does not change with the generation.
  const start = base instanceof Namespace ? `${base.prefix}0:` : "";
  if (keys === undefined) return (key) => key;
  return (key) => {
    try {
      return keys.encode(start + key);
    } catch {
      // The command says what is wrong with the key.
      return key;
    }
  };
}

/** The options of all commands on keys, and those that views add to them. */
export const PASSED_OPTIONS: OptionTypes<OperationOptions & { tags: unknown }> = {
  ...KEY_COMMAND_OPTIONS,
  tags: "any",
};

const PASSED_NAMES = /* @__PURE__ */ Object.keys(PASSED_OPTIONS);

/**
 * Copies the options that a view passes on, also those that getters of a class return. Lists in them are read, which may
 * be changed later, or be read only once.
 */
export function copyPassedOptions<Options extends OperationOptions>(options: Options): Options {
  const copy: Options & { tags?: unknown } = copyOptions(options, PASSED_NAMES);
  const { tags } = copy;
  const isList = typeof tags === "object" && tags !== null && Symbol.iterator in tags;
  if (isList) copy.tags = [...tags as Iterable<unknown>];
  return copy;
}

/** A copy of the caller's options, which may be changed after the call. */
export function ownOptions<Options extends OperationOptions>(
  options: Options | undefined,
): Options | undefined {
  checkSignal(options);
  return options && copyPassedOptions(options);
}

/** The same options, for what goes on when the caller has given up: others may wait for it. */
export function withoutSignal<Options extends OperationOptions>(options: Options): Options {
  const { signal: _signal, ...others } = options;
  return others as Options;
}

/** The same options, with which a server's fault is an error also where the client's `failover` is `"miss"`. */
export function strictly<Options extends OperationOptions>(options: Options): Options {
  return { ...options, failover: "error" };
}
