/** How the arguments of calls are checked that a view gets. @module */

import type { KeyCommands } from "../../mod.ts";
import {
  type CallRules,
  callRulesOfClient,
  checkArguments,
  type CheckedCommand,
  optionNames,
} from "../commands/call_checks.ts";
import { KEY_COMMAND_OPTIONS } from "../commands/operation_options.ts";
import { checkOptions } from "../option_checks.ts";

export type { CallRules, CheckedCommand };

const rulesByView = /* @__PURE__ */ new WeakMap<object, CallRules>();
const innerByView = /* @__PURE__ */ new WeakMap<object, KeyCommands>();

/** How a client, a namespace or a view checks its keys and values, and which options it takes besides the client's. */
export function callRulesOf(commands: KeyCommands): CallRules {
  const known = rulesByView.get(commands);
  if (known !== undefined) return known;
  const rules = callRulesOfClient(commands);
  rulesByView.set(commands, rules);
  return rules;
}

/**
 * Sets what a view takes.
 *
 * @param inner What the view stands on.
 * @param own What it takes instead of that, or besides.
 */
export function setCallRules(
  view: KeyCommands,
  inner: KeyCommands,
  own: Partial<CallRules> = {},
): CallRules {
  const below = callRulesOf(inner);
  const { checkKey = below.checkKey, checkValue = below.checkValue } = own;
  const extraOptions = { ...below.extraOptions, ...own.extraOptions };
  const rules = { checkKey, ...checkValue && { checkValue }, extraOptions };
  rulesByView.set(view, rules);
  // A view that checks keys itself may pass on others.
  if (own.checkKey === undefined) innerByView.set(view, inner);
  return rules;
}

/** The client or namespace that gets the keys of some commands as they are: these themselves, or what they stand on. */
export function baseOf(commands: KeyCommands): KeyCommands {
  const inner = innerByView.get(commands);
  return inner === undefined ? commands : baseOf(inner);
}

/**
 * Checks what a command of a view is called with.
 *
 * @param args All arguments, the options last.
 * @throws {ValidationException} When an argument is invalid.
 */
export function checkCall(
  command: CheckedCommand,
  args: readonly unknown[],
  rules: CallRules,
): void {
  const options = args.at(-1);
  // Most calls have none, and their types need not be put together.
  if (options !== undefined) {
    const all: Readonly<Record<string, unknown>> = KEY_COMMAND_OPTIONS;
    const own = Object.fromEntries(optionNames(command).map((name) => [name, all[name]]));
    checkOptions(options as object, { ...own, ...rules.extraOptions });
  }
  checkArguments(command, args, rules);
}
