/** Commands whose result depends on the value: one fleet decides, and the others get what comes of it. @module */

import {
  type CounterOptions,
  type Exptime,
  type KeyCommands,
  type OperationOptions,
  type UpdateOptions,
  ValidationException,
} from "../../../mod.ts";
import { operationOptions } from "../../commands/operation_options.ts";
import { useAtOnce } from "../../features/load_callers.ts";
import { checkFunction, checkSignal } from "../../option_checks.ts";
import { isUnreachable } from "../../protocol/backend_failure.ts";
import { fill, publish } from "../copies.ts";
import { ownValue } from "../own_value.ts";
import { type Fleets, strictOptions } from "./fleets.ts";
import { requireTaken } from "./writing.ts";

/** How a value is changed. */
interface Changing {
  /** Whether the fleet first gets what another one has, if it lacks the value; `true` by default. */
  readonly heals?: boolean;
  /** What it is stored with, where the caller says that. */
  readonly exptime?: () => Exptime | undefined;
}

/** Asks the first fleet of the list that can be reached; if it lacks the key, it gets what another one has. */
export async function askFirst<Result>(
  fleets: Fleets,
  key: string,
  options: OperationOptions | undefined,
  ask: (client: KeyCommands, replica: number) => Promise<Result>,
): Promise<Result> {
  return (await decide(fleets, key, options, ask)).result;
}

/** Lets the first fleet that can be reached carry out a command. */
async function decide<Result>(
  fleets: Fleets,
  key: string,
  options: OperationOptions | undefined,
  ask: (client: KeyCommands, replica: number) => Promise<Result>,
  { heals = true }: Changing = {},
): Promise<{ readonly result: Result; readonly replica: number }> {
  let fault: unknown;
  for (const replica of fleets.clients.keys()) {
    checkSignal(options);
    const askReplica = () => fleets.ask(replica, key, (client) => ask(client, replica));
    try {
      const result = await askReplica();
      const isHealed = heals && isAbsent(result) && await heal(fleets, key, replica, options);
      return { result: isHealed ? await askReplica() : result, replica };
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      fault ??= error;
      fleets.reportFailure(replica, key, "read", error);
    }
  }
  throw fault;
}

/** Gives a fleet the value of a key that it lacks; tells whether another one has it. */
export async function heal(
  fleets: Fleets,
  key: string,
  replica: number,
  options: OperationOptions | undefined,
): Promise<boolean> {
  const operation = operationOptions(options);
  const others = fleets.othersThan(replica).filter((other) => {
    return !fleets.missedWrites[other]?.has(key);
  });
  const present = await Promise.all(others.map(async (other) => {
    try {
      return await fleets.client(other).inspect(key, operation) !== undefined;
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      fleets.reportFailure(other, key, "read", error);
      return false;
    }
  }));
  const source = others[present.indexOf(true)];
  if (source === undefined) return false;
  const from = fleets.placeOf(source, key);
  return await fill(from, fleets.placeOf(replica, key), Infinity, operation) !== undefined;
}

/** Lets the first fleet change a value that one of them has, and copies the result to the others. */
export async function change<Result>(
  fleets: Fleets,
  key: string,
  options: OperationOptions | undefined,
  operate: (client: KeyCommands, replica: number) => Promise<Result>,
  changing: Changing = {},
): Promise<Result> {
  const { result, replica } = await decide(fleets, key, options, operate, changing);
  // Otherwise, nothing has changed there.
  if (!isAbsent(result)) {
    await copyToOthers(fleets, key, replica, options, changing.exptime?.());
  }
  return result;
}

/** Copies an item from the fleet that has decided to the others. */
export async function copyToOthers(
  fleets: Fleets,
  key: string,
  source: number,
  options: OperationOptions | undefined,
  exptime?: Exptime,
): Promise<void> {
  const others = fleets.othersThan(source);
  const places = others.map((replica) => fleets.placeOf(replica, key));
  const operation = operationOptions(options);
  const missed = fleets.latestMissed(key);
  const copied = await publish(fleets.placeOf(source, key), places, Infinity, operation, exptime);
  const outcomes = fleets.clients.map((_, replica) => copied[others.indexOf(replica)]);
  requireTaken(fleets, key, missed, outcomes);
}

/** As `add` of the client: what any fleet has is there. */
export async function add(
  fleets: Fleets,
  key: string,
  value: unknown,
  exptime: Exptime | undefined,
  strict: OperationOptions,
): Promise<boolean> {
  return await change(fleets, key, strict, async (client, replica) => {
    // What a read would find is there. What is wrong with the input, add says itself.
    await heal(fleets, key, replica, strict).catch((error) => {
      if (!(error instanceof ValidationException)) throw error;
    });
    return await client.add(key, value, exptime, strict);
  }, { heals: false, exptime: () => exptime });
}

/** As `incr` and `decr` of the client. */
export async function count(
  fleets: Fleets,
  verb: "incr" | "decr",
  key: string,
  delta: bigint | number | undefined,
  options: CounterOptions | undefined,
): Promise<bigint | undefined> {
  const { initial } = options ?? {};
  const countOnce = (options: CounterOptions) => {
    return change(fleets, key, options, (client) => client[verb](key, delta, options));
  };
  if (initial === undefined) {
    return await fleets.attempt<bigint | undefined, CounterOptions>(
      key,
      options,
      undefined,
      countOnce,
    );
  }
  // A counter that another fleet has must not begin again.
  const strict = strictOptions(options);
  return await countOnce(operationOptions(strict)) ?? await countOnce(strict);
}

/** Ends an update of a value that another fleet has, and that the fleet has now got. */
class Healed extends Error {}

/** As `update` of the client. */
export async function update<Value>(
  fleets: Fleets,
  key: string,
  changeValue: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
  options: UpdateOptions | undefined,
): Promise<Value | undefined> {
  checkFunction("change", changeValue);
  const strict = strictOptions(options);
  const { exptime } = strict;
  let next: Value | undefined;
  return await change(fleets, key, strict, async (client, replica) => {
    let isHealed = false;
    const changeFound = async (value: Value | undefined) => {
      if (value === undefined && !isHealed) {
        isHealed = true;
        if (await heal(fleets, key, replica, strict)) throw new Healed();
      }
      return next = await useAtOnce(changeValue(value), ownValue);
    };
    try {
      return await client.update(key, changeFound, strict);
    } catch (error) {
      if (!(error instanceof Healed)) throw error;
      return await client.update(key, changeFound, strict);
    }
  }, { heals: false, exptime: () => typeof exptime === "function" ? exptime(next) : exptime });
}

/** Whether a command has found nothing to work on, or has changed nothing. */
function isAbsent(result: unknown): boolean {
  return result === undefined || result === false;
}
