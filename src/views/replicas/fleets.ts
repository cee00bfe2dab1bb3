/** The fleets of a view, and what is known of each. @module */

import {
  type Clock,
  type KeyCommands,
  type OperationOptions,
  ValidationException,
} from "../../../mod.ts";
import { OPERATION_OPTIONS, operationOptions } from "../../commands/operation_options.ts";
import { sessionOf } from "../../commands/session.ts";
import { checkOptions, checkSignal } from "../../option_checks.ts";
import { isUnreachable } from "../../protocol/backend_failure.ts";
import type { Place } from "../copies.ts";
import { Latency } from "./latency.ts";
import { isPartial } from "../partial_errors.ts";
import { copyPassedOptions, sentKeysOf, strictly } from "../wrapped_commands.ts";
import { MissedWrites } from "./missed_writes.ts";
import { ReplicaEvents, ReplicaFailure } from "./replica_events.ts";

/** What the caller has chosen. */
export interface FleetSettings {
  readonly read: "first" | "any" | "nearest";
  readonly hedgeAfter: number | "p95" | undefined;
  /** How many fleets must take a write. */
  readonly needed: number;
  /** Whether each fleet is in the zone of this process; `undefined` without zones. */
  readonly isNear: readonly boolean[] | undefined;
  readonly clock: Clock;
}

/** The loads of a key that are under way. */
interface Loading {
  /** The fleet that they begin with. */
  readonly first: number;
  callers: number;
}

/** What is known of each fleet, whatever the transcoder. */
interface FleetState {
  readonly loads: Map<string, Loading>;
  readonly latencies: readonly Latency[];
  readonly missedWrites: readonly MissedWrites[];
  readonly events: ReplicaEvents;
}

/** Several fleets with the same values. */
export class Fleets {
  readonly clients: readonly KeyCommands[];
  readonly settings: FleetSettings;
  /** The copying of values that fleets lack, by {@linkcode repairOf}. */
  readonly repairs: Map<string, Promise<void>> = new Map();
  readonly #state: FleetState;

  constructor(clients: readonly KeyCommands[], settings: FleetSettings, state?: FleetState) {
    this.clients = clients;
    this.settings = settings;
    this.#state = state ?? {
      loads: new Map(),
      latencies: clients.map(() => new Latency()),
      missedWrites: clients.map((client) => new MissedWrites(sentKeysOf(client))),
      events: new ReplicaEvents(),
    };
  }

  /** The same fleets, with another transcoder. What is copied in one format does not concern others. */
  withClients(clients: readonly KeyCommands[]): Fleets {
    return new Fleets(clients, this.settings, this.#state);
  }

  get events(): ReplicaEvents {
    return this.#state.events;
  }

  /** The loads that are under way, by key. */
  get loads(): Map<string, Loading> {
    return this.#state.loads;
  }

  /** How long the latest reads of each fleet have taken. */
  get latencies(): readonly Latency[] {
    return this.#state.latencies;
  }

  /** The writes that each fleet has missed. */
  get missedWrites(): readonly MissedWrites[] {
    return this.#state.missedWrites;
  }

  /** The last write of a key that each fleet has missed; what is sent from now on comes after it. */
  latestMissed(key: string): readonly (object | undefined)[] {
    return this.missedWrites.map((missed) => missed.latest(key));
  }

  client(replica: number): KeyCommands {
    const client = this.clients[replica];
    if (client !== undefined) return client;
    throw new ValidationException(`Cannot use fleet ${replica}: there is none`, replica);
  }

  /** The numbers of the other fleets. */
  othersThan(replica: number): number[] {
    return [...this.clients.keys()].filter((other) => other !== replica);
  }

  placeOf(replica: number, key: string): Place {
    return { commands: this.client(replica), key };
  }

  /** A cas unique with the number of the fleet that it belongs to. */
  casOf(cas: bigint, replica: number): bigint {
    return cas * BigInt(this.clients.length) + BigInt(replica);
  }

  /** The fleet that a cas unique of {@linkcode casOf} belongs to, and its own cas unique. */
  readCas(cas: bigint): { readonly replica: number; readonly cas: bigint } {
    const count = BigInt(this.clients.length);
    return { replica: Number(cas % count), cas: cas / count };
  }

  /** Dispatches the event that a fleet has failed. */
  reportFailure(replica: number, key: string, operation: "read" | "write", error: unknown): void {
    this.events.dispatchEvent(new ReplicaFailure({ replica, key, operation, error }));
  }

  /** Deletes what a write was to replace in a fleet that has missed it. */
  async deleteMissed(replica: number, key: string): Promise<void> {
    const missed = this.missedWrites[replica];
    const write = missed?.latest(key);
    if (write === undefined) return;
    await this.client(replica).delete(key, { failover: "error" });
    missed?.forget(key, write);
  }

  /** Reads from a fleet, or lets it decide; what it has missed is deleted first. */
  async ask<Result>(
    replica: number,
    key: string,
    ask: (client: KeyCommands) => Promise<Result>,
  ): Promise<Result> {
    const { clock } = this.settings;
    await this.deleteMissed(replica, key);
    const start = clock.now();
    const result = await ask(this.client(replica));
    this.latencies[replica]?.add(clock.now() - start);
    return result;
  }

  /**
   * Carries out an operation so that every fleet tells when it fails. Where too few have not, it does what the clients
   * do with `failover: "miss"`.
   *
   * @param dropped What it resolves to then.
   */
  async attempt<Result, Options extends OperationOptions>(
    key: string,
    options: Options | undefined,
    dropped: Result,
    operate: (strict: Options) => Promise<Result>,
  ): Promise<Result> {
    const strict = strictOptions(options);
    try {
      return await operate(strict);
    } catch (error) {
      if (!isOfNetwork(error) || options?.failover === "error") throw error;
      if (await this.#missesAtFaults(key)) return dropped;
      throw error;
    }
  }

  /** Whether a client takes the fault of a server for a miss. */
  async #missesAtFaults(key: string): Promise<boolean> {
    const all = await Promise.all(this.clients.map(async (client) => {
      const session = sessionOf(client);
      if (session !== undefined) return session.settings.failover === "miss";
      // Other implementations do not tell: they are asked in both ways.
      const [lenient, strict] = await Promise.allSettled([
        client.inspect(key),
        client.inspect(key, { failover: "error" }),
      ]);
      return lenient.status === "fulfilled" && strict.status === "rejected";
    }));
    return all.includes(true);
  }
}

/** The caller's options, checked. A client with `failover: "miss"` would hide that a fleet has failed. */
export function strictOptions<Options extends OperationOptions>(
  options: Options | undefined,
): Options {
  checkSignal(options);
  const copy = copyPassedOptions((options ?? {}) as Options);
  checkOptions(operationOptions(copy), OPERATION_OPTIONS);
  return strictly(copy);
}

/** Whether it is what the network did, to all keys that have failed. */
function isOfNetwork(error: unknown): boolean {
  if (!isPartial(error)) return isUnreachable(error);
  return [...error.failures.values()].every(isUnreachable);
}

/** Names the repair of a key in a fleet. */
export function repairOf(replica: number, key: string): string {
  return `${replica} ${key}`;
}
