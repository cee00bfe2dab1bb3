/** Checks of options and arguments. @module */

import { quote, ValidationException } from "./errors.ts";

/** Options, with none left out. */
export type AllOf<Options> = {
  readonly [Name in keyof Options]-?: Exclude<Options[Name], undefined>;
};

/** The types of options, by name; `"any"` is checked elsewhere. */
export type OptionTypes<Options> = {
  readonly [Name in keyof Required<Options>]:
    | "boolean"
    | "function"
    | "number"
    | "string"
    | "signal"
    | "failover"
    | "any";
};

/**
 * Checks the names and types of options. What is `undefined` counts as absent, whatever its name is.
 *
 * @throws {ValidationException} When `options` is not an object, or an option is unknown or has a wrong type.
 */
export function checkOptions<Options>(
  options: Options | undefined,
  types: OptionTypes<Options>,
): void {
  if (options === undefined) return;
  const known: readonly string[] = Object.keys(types);
  checkObject(options, `a plain object such as { ${known[0]} }`);
  checkKnown(options, known, unknownOption);
  // Not those found above: the getters of classes are not among them.
  for (const name of known as (keyof Options & string)[]) {
    const value: unknown = options[name];
    const type = types[name];
    if (value === undefined || type === "any") continue;
    if (!isOfType(value, type)) {
      throw invalidOption(name, value, TYPE_NAMES[type as keyof typeof TYPE_NAMES] ?? `a ${type}`);
    }
  }
}

/**
 * Copies options, also those that getters of a class return, which a spread leaves out.
 *
 * @param names The names of the options. Own properties with other names are copied too, for code that passes them on.
 */
export function copyOptions<Options extends object>(
  options: Options,
  names: readonly string[],
): Options {
  const copy = {} as Options;
  // With what is inherited: the code that takes the copy refuses what it does not know.
  for (const name in options) copy[name] = options[name];
  for (const name of names as readonly (keyof Options)[]) {
    const value = options[name];
    if (value !== undefined) copy[name] = ownDate(value);
  }
  return copy;
}

/** Copies a `Date`, because the caller may change it; returns anything else unchanged. */
export function ownDate<Value>(value: Value): Value {
  return value instanceof Date ? new Date(value) as Value : value;
}

/**
 * Checks the names of options, and copies them, for code that passes on some of them.
 *
 * @throws {ValidationException} When `options` is not an object, or an option is unknown.
 */
export function takeOptions<Options extends object>(
  options: Options,
  known: readonly string[],
): Options {
  checkNames(options, known);
  return copyOptions(options, known);
}

/**
 * Checks that options are an object, for code that passes them on.
 *
 * @param expected What they must be, for the message.
 * @throws {ValidationException} When they are not.
 */
export function checkObject(
  options: unknown,
  expected: string,
): asserts options is object {
  if (!holdsNames(options)) throw invalidOption("options", options, expected);
}

/** Whether a value holds something by names: lists, maps, dates, promises and signals do not. Modules may. */
export function holdsNames(value: unknown): value is object {
  // `[object Object]` or `[object Module]`; the pattern is short, because every bundle has it.
  return /Obj|Mod/.test({}.toString.call(value));
}

/**
 * Checks options that are passed on, which may have other names, and their signal.
 *
 * @throws {ValidationException} When they are not an object, or `signal` is not an AbortSignal.
 * @throws The reason of the signal when it has been aborted.
 */
export function checkSignal(
  options: { readonly signal?: AbortSignal | undefined } | undefined,
): void {
  if (options === undefined) return;
  checkObject(options, "a plain object");
  const { signal } = options;
  if (signal === undefined) return;
  if (!isSignal(signal)) throw invalidOption("signal", signal, TYPE_NAMES.signal);
  signal.throwIfAborted();
}

/** The names, in messages, of types that are not JavaScript's. */
const TYPE_NAMES = { signal: "an AbortSignal", failover: '"error"' } as const;

function isOfType(value: unknown, type: string): boolean {
  if (type === "signal") return isSignal(value);
  if (type === "failover") return value === "error";
  const actual: string = typeof value;
  return actual === type && !Number.isNaN(value);
}

/** Whether a value is a promise; it may be of another class than the global `Promise`, which zone.js replaces. */
export function isPromise<Value>(value: Value | Promise<Value>): value is Promise<Value> {
  return typeof (value as Partial<Promise<Value>> | undefined)?.then === "function";
}

/** Whether a value is an AbortSignal, from any realm. */
function isSignal(value: unknown): boolean {
  return typeof (value as AbortSignal | null)?.throwIfAborted === "function";
}

/**
 * Checks that all names are known. What a program has given all objects is no option.
 *
 * @throws The error that is made of the first unknown name.
 */
export function checkKnown(
  options: object,
  known: readonly string[],
  makeError: (name: string, known: readonly string[]) => Error,
): void {
  for (const name in options) {
    if (!known.includes(name) && options[name as never] !== {}[name as never]) {
      throw makeError(name, known);
    }
  }
}

function unknownOption(name: string, known: readonly string[]): ValidationException {
  const meant = known.find((other) => differingLetters(name, other) <= 2);
  const hint = meant === undefined ? `known are ${known.join(", ")}` : `did you mean "${meant}"?`;
  return new ValidationException(`Cannot use options: unknown option "${name}": ${hint}`, name);
}

/** How many letters differ between two names, ignoring order and case. */
function differingLetters(name: string, other: string): number {
  let rest = other.toLowerCase();
  let extra = 0;
  for (const letter of name.toLowerCase()) {
    const left = rest.replace(letter, "");
    if (left === rest) extra++;
    rest = left;
  }
  return extra + rest.length;
}

/**
 * Checks the names of options whose values are checked elsewhere.
 *
 * @throws {ValidationException} When `options` is not an object, or an option is unknown.
 */
export function checkNames(options: object, known: readonly string[]): void {
  checkObject(options, "a plain object");
  checkKnown(options, known, unknownOption);
}

/**
 * As {@linkcode checkNames}, but the message does not guess which option was meant. For transcoders that programs may
 * load without a client: code for the guess would be a tenth of what they load. So it looks for an unknown name itself,
 * as {@linkcode checkKnown} does.
 *
 * @throws {ValidationException} When `options` is not an object, or an option is unknown.
 */
export function checkFewNames(options: object, known: readonly string[]): void {
  if (!holdsNames(options)) throw invalidOption("options", options, "a plain object");
  for (const name in options) {
    if (!known.includes(name) && options[name as never] !== {}[name as never]) {
      throw invalidOption("option", name, `one of ${known}`);
    }
  }
}

/** Makes the error for an invalid option. */
export function invalidOption(name: string, value: unknown, expected: string): ValidationException {
  return new ValidationException(
    `Cannot use ${name} ${show(value)}: it must be ${expected}`,
    value,
  );
}

/** As {@linkcode invalidOption}, for what may be an address with a password, which the error does not hold. */
export function invalidPlace(name: string, value: unknown, expected: string): ValidationException {
  const shown = typeof value === "string" ? value.slice(value.lastIndexOf("@") + 1) : undefined;
  return new ValidationException(
    `Cannot use ${name} ${show(shown ?? value)}: it must be ${expected}`,
    shown,
  );
}

/** What tells a client, a namespace or a view from other things. */
const CLIENT_METHODS: readonly string[] = ["get", "withTranscoder"];

/** Whether something has the methods of a client, a namespace or a view, or these ones. */
export function isClient(value: unknown, methods: readonly string[] = CLIENT_METHODS): boolean {
  const has: Readonly<Record<string, unknown>> = Object(value);
  return methods.every((name) => typeof has[name] === "function");
}

/**
 * Checks what is passed in the place of a client.
 *
 * @param methods What is called of it; what all clients have by default.
 * @param name What messages call it.
 * @throws {ValidationException} When it does not have these methods.
 */
export function checkClient(
  client: unknown,
  methods?: readonly string[],
  name = "client",
): void {
  if (!isClient(client, methods)) {
    throw invalidPlace(name, client, "a client, a namespace or a view");
  }
}

/** Formats a value for a message; numbers without quotes. */
export function show(value: unknown): string {
  // A number or a bigint.
  return /num|big/.test(typeof value) ? `${value}` : quote(value);
}

/**
 * Checks that an option is an integer between `least` and `most`, inclusive.
 *
 * @returns The integer.
 * @throws {ValidationException} When it is not.
 */
export function checkInteger(name: string, value: unknown, least: number, most: number): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) {
    return value as number;
  }
  throw invalidOption(name, value, `an integer from ${least} to ${most}`);
}

/** The longest time of a timer in milliseconds. With a longer one, timers fire at once. */
export const LONGEST_TIMEOUT = 0x7fffffff;

/**
 * Checks that an option is a time in milliseconds that a timer can have, 1 or more.
 *
 * @throws {ValidationException} When it is not.
 */
export function checkTimeout(name: string, value: unknown): void {
  if (typeof value === "number" && value >= 1 && value <= LONGEST_TIMEOUT) return;
  throw invalidOption(name, value, `a number from 1 to ${LONGEST_TIMEOUT}`);
}

/**
 * Checks that an option is one of the allowed names or numbers.
 *
 * @throws {ValidationException} When it is not; the message lists all of them.
 */
export function checkChoice(name: string, value: unknown, choices: readonly unknown[]): void {
  if (choices.includes(value)) return;
  throw invalidOption(name, value, `one of ${choices.map(show).join(", ")}`);
}

/**
 * Checks that an option is a boolean.
 *
 * @throws {ValidationException} When it is not.
 */
export function checkBoolean(name: string, value: unknown): void {
  if (typeof value !== "boolean") throw invalidOption(name, value, "a boolean");
}

/**
 * Checks that a value is a function, before anything is sent.
 *
 * @throws {ValidationException} When it is not.
 */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== "function") throw invalidOption(name, value, "a function");
}

/** Whether something is a name that may stand for a host: what it holds can be shown, hashed and put into a URL. */
export function isHostName(value: unknown): value is string {
  // Digits alone are a port that was meant to stand behind a name.
  if (typeof value !== "string" || /^\d+$|[/@?#:[\]]/.test(value)) return false;
  return /^[\w.-]+$/.test(value) || isVisible(value);
}

/** Whether text is not empty, and without whitespace and control characters. */
export function isVisible(text: string): boolean {
  // As a literal, it would take a runtime a quarter of a millisecond when it reads this file.
  return new RegExp("^[^\\s\\p{C}]+$", "u").test(text);
}
