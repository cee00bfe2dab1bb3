/** A client whose every operation is entered in the books. @module */

import {
  type Client,
  ClientException,
  PartialClientException,
  SocketError,
  TimeoutError,
} from "../../mod.ts";
import type { EventOrder } from "./event_order.ts";
import { REFUSAL } from "./faults.ts";
import { ABSENT, type History, type Operation } from "./history.ts";
import type { Tally } from "./tally.ts";
import { valueOf, versionOf } from "./values.ts";

/** How an operation may be ended early. */
export interface Abortion {
  readonly signal?: AbortSignal;
}

/** Calls a client and accounts for what comes of it. Each method resolves to whether there was an answer. */
export class AccountedClient {
  readonly #client: Client;
  readonly #history: History;
  readonly #tally: Tally;
  readonly #events: EventOrder | undefined;

  /** @param events Checks what is published of each operation; without it, nothing listens. */
  constructor(client: Client, history: History, tally: Tally, events?: EventOrder) {
    this.#client = client;
    this.#history = history;
    this.#tally = tally;
    this.#events = events;
  }

  /** Gets a key. */
  get(key: string, abortion: Abortion): Promise<boolean> {
    return this.#account(this.#history.begin("get", key), abortion, async (operation) => {
      const value = await this.#issue("get", () => this.#client.get(key, abortion));
      operation.version = value === undefined ? ABSENT : versionOf(key, value);
      this.#tally[value === undefined ? "misses" : "hits"]++;
    });
  }

  /** Sets a key to its next version. */
  set(key: string, abortion: Abortion): Promise<boolean> {
    return this.#account(this.#history.begin("set", key), abortion, async ({ version }) => {
      const value = valueOf(key, version!);
      await this.#issue("set", () => this.#client.set(key, value, 0, abortion));
      this.#tally.sets++;
    });
  }

  /** Deletes a key. */
  delete(key: string, abortion: Abortion): Promise<boolean> {
    return this.#account(this.#history.begin("delete", key), abortion, async (operation) => {
      operation.existed = await this.#issue("delete", () => this.#client.delete(key, abortion));
      this.#tally.deletes++;
    });
  }

  /** Asks for statistics, whatever the key. They are not judged: they settle, or not. */
  async stats(_key: string, abortion: Abortion): Promise<boolean> {
    try {
      await this.#issue("stats", () => this.#client.stats(undefined, abortion));
      this.#tally.stats++;
      return true;
    } catch (error) {
      this.#countError(error, abortion);
      return false;
    }
  }

  #issue<Result>(command: string, call: () => Promise<Result>): Promise<Result> {
    return this.#events === undefined ? call() : this.#events.check(command, call);
  }

  async #account(
    operation: Operation,
    abortion: Abortion,
    operate: (operation: Operation) => Promise<void>,
  ): Promise<boolean> {
    const isDoomed = abortion.signal?.aborted ?? false;
    try {
      await operate(operation);
      this.#history.settle(operation, "answered");
      return true;
    } catch (error) {
      this.#history.settle(operation, isDoomed ? "unsent" : "failed");
      this.#countError(error, abortion);
      return false;
    }
  }

  #countError(error: unknown, { signal }: Abortion): void {
    this.#tally.errors.add(kindOf(error, signal));
    if (isExplained(error) || error === signal?.reason) return;
    this.#tally.wrong.push(`a rejection that nothing explains: ${error}`);
  }
}

/** Whether a fault leads to this error. */
export function isExplained(error: unknown): boolean {
  if (error instanceof PartialClientException) {
    return Array.from(error.failures.values()).every(isExplained);
  }
  if (error instanceof SocketError) return true;
  // Nothing else is refused, and nothing here cannot be decoded but a number or flag with garbage in it.
  return error instanceof ClientException &&
    (error.item === REFUSAL || /\ufffd.* for (?:its|flag) /.test(error.message));
}

function kindOf(error: unknown, signal: AbortSignal | undefined): string {
  if (signal?.aborted && error === signal.reason) return "aborted";
  if (error instanceof TimeoutError) return "TimeoutError";
  if (error instanceof SocketError) {
    return error.message.includes("the client is closed") ? "closed" : "SocketError";
  }
  return error instanceof ClientException ? "ClientException" : "unknown";
}
