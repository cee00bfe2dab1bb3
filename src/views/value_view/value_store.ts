/** Where a view stores values, by its rules. @module */

import {
  ClientException,
  type Exptime,
  type KeyCommands,
  type OperationOptions,
} from "../../../mod.ts";
import { operationOptions } from "../../commands/operation_options.ts";
import { sessionOf } from "../../commands/session.ts";
import { computeAsRead, type UnstoredValues } from "../../features/unstored_values.ts";
import { checkSignal } from "../../option_checks.ts";
import { untilAborted } from "../../waiting.ts";
import { callRulesOf } from "../call_rules.ts";
import { checkStoresLists, isMarked } from "../envelope.ts";
import { type KeyNames, renamed, renameKeys } from "../partial_errors.ts";
import { copyPassedOptions } from "../wrapped_commands.ts";
import { UNKNOWN, type ValueRules, type WriteContext } from "./value_rules.ts";

/** How often a change that others overtake is tried again, as `update` does. */
export const MOST_ATTEMPTS = 26;

/** Makes the error for a value that others have changed in every attempt. */
export function changedTooOften(action: string, key: string): ClientException {
  const why = `it changed during each of ${MOST_ATTEMPTS} attempts`;
  return new ClientException(`Cannot ${action} key ${JSON.stringify(key)}: ${why}`, key);
}

/** The caller's keys by those under which they are stored. */
export type StoredNames = ReadonlyMap<string, readonly string[]>;

/** What a caller says of a write. */
export interface Writing {
  readonly options?: OperationOptions | undefined;
  readonly exptime?: Exptime | undefined;
  readonly before?: unknown;
  /** Part of {@linkcode WriteContext}. */
  readonly mustBeWhole?: boolean;
}

/** The commands that a view stands on, and the rules by which it stores values there. */
export class ValueStore {
  /** What stores the values. */
  readonly inner: KeyCommands;
  readonly rules: ValueRules;
  /** What stores the values of the views that this one stands on. */
  readonly #innermost: KeyCommands;
  /** Values that are being computed and cannot be stored, by key. */
  readonly #computing: UnstoredValues = new Map();

  constructor(inner: KeyCommands, rules: ValueRules, innermost: KeyCommands) {
    this.inner = inner;
    this.rules = rules;
    this.#innermost = innermost;
  }

  /**
   * Whether what is called first is sent first, as a client does: then a read and a write after it are sent in one turn, and
   * the read takes no round trip more. A view may have to ask more before the one than before the other.
   */
  get keepsOrder(): boolean {
    return sessionOf(this.inner) !== undefined;
  }

  /** The caller's keys by those under which they are stored. */
  async namesOf(keys: Iterable<string>): Promise<StoredNames> {
    const all = [...new Set(keys)];
    const innerKeys = await Promise.all(all.map((key) => this.rules.keyOf(key)));
    const names = new Map<string, string[]>();
    for (const [i, key] of all.entries()) {
      const innerKey = innerKeys[i] ?? key;
      const present = names.get(innerKey);
      if (present === undefined) names.set(innerKey, [key]);
      else present.push(key);
    }
    return names;
  }

  /** The options for the inner commands, of those that the caller passed. */
  innerOptions<Options extends OperationOptions>(
    options: Options | undefined,
  ): Options | undefined {
    checkSignal(options);
    if (options === undefined) return undefined;
    const copy = copyPassedOptions(options);
    return this.rules.innerOptions === undefined ? copy : this.rules.innerOptions(copy);
  }

  /** Begins to read a key's value; what it returns turns what is stored into the value. */
  beginReading<Value>(
    key: string,
    options: OperationOptions | undefined,
  ): (stored: unknown) => Promise<Value | undefined> {
    const read = this.beginReadingOrUnknown<Value>(key, options);
    return async (stored) => {
      const value = await read(stored);
      return value === UNKNOWN ? undefined : value;
    };
  }

  /** As {@linkcode beginReading}, for callers that must distinguish a miss from what cannot be known. */
  beginReadingOrUnknown<Value>(
    key: string,
    options: OperationOptions | undefined,
  ): (stored: unknown) => Promise<Value | typeof UNKNOWN | undefined> {
    const prepared = this.rules.prepareRead?.(key);
    return async (stored) => {
      if (stored === undefined) return undefined;
      const value = this.rules.fromStored(stored, key, prepared, operationOptions(options));
      return await value as Value | typeof UNKNOWN | undefined;
    };
  }

  /** Turns a value into what is stored for it; {@linkcode UNKNOWN} when nothing can be stored. */
  async toStored(
    value: unknown,
    key: string,
    { options, exptime = 0, before, mustBeWhole }: Writing,
  ): Promise<unknown> {
    const prepared = await this.rules.prepareWrite?.(key, options);
    if (prepared === UNKNOWN) return UNKNOWN;
    const context = { options, exptime, prepared, before, mustBeWhole };
    const stored = await this.convert(value, key, context);
    if (stored === UNKNOWN) return UNKNOWN;
    // Before anything is read.
    callRulesOf(this.inner).checkValue?.(stored, key, "store");
    return stored;
  }

  /**
   * What the rules store for a value.
   *
   * @throws {ValidationException} When it is a list, which the client cannot store.
   */
  async convert(value: unknown, key: string, context: WriteContext): Promise<unknown> {
    const stored = await this.rules.toStored(value, key, context);
    if (isMarked(stored)) checkStoresLists(this.inner, key);
    return stored;
  }

  /** Computes a value that cannot be stored, once for all callers, and converts it as if it had been. */
  async compute<Value>(
    key: string,
    load: () => Value | Promise<Value>,
    options: OperationOptions | undefined,
  ): Promise<Value> {
    const value = computeAsRead(this.#innermost, this.#computing, key, load);
    return await untilAborted(value, options?.signal);
  }

  /** Carries out an operation on many keys; its results and errors have the caller's keys. */
  async many<Result>(
    action: string,
    names: KeyNames,
    operate: (keys: Iterable<string>) => Promise<Map<string, Result>>,
  ): Promise<Map<string, Result>> {
    try {
      return renameKeys(await operate(names.keys()), names);
    } catch (error) {
      throw renamed(error, action, names);
    }
  }
}
