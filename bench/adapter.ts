/** What the benchmark asks of a client: the contract of the modules in `clients/`. @module */

import type { Workload } from "./workloads.ts";

/** A client as the benchmark uses it. */
export interface AdaptedClient {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<unknown>;
  /** The values in the order of the keys; absent where the client has no such thing. */
  getMany?(keys: readonly string[]): Promise<unknown[]>;
  /** Stores values under keys; absent where the client has no such thing. */
  setMany?(keys: readonly string[], values: readonly unknown[]): Promise<unknown>;
}

/** Makes a client of some servers for one kind of value. */
export type Connect = (servers: readonly string[], kind: Workload["value"]) => AdaptedClient;

/** How a client goes about a kind of value, or about many keys, where that bears on the result. */
export type Notes = Readonly<
  Partial<Record<Workload["value"] | "getMany", string>>
>;

/** A module of `clients/`. */
export interface Adapter {
  readonly connect: Connect;
  readonly notes: Notes;
}

/** Keys, and the value of each. */
export interface Items {
  readonly keys: readonly string[];
  readonly values: readonly unknown[];
}
