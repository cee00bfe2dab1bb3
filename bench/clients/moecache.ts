/** moecache itself, from its sources. @module */

import { Client } from "../../mod.ts";
import type { AdaptedClient, Notes } from "../adapter.ts";

const HAS_GET_MANY = "getMany" in Client.prototype;

/** Tells how values are stored, and how many keys are fetched at once. */
export const notes: Notes = {
  bytes: "pickled",
  record: "pickled",
  ...(HAS_GET_MANY ? {} : { getMany: "a get per key" }),
};

/** Makes a client of the servers, its options left at their defaults. */
export function connect(servers: readonly string[]): AdaptedClient {
  return adapt(new Client(servers));
}

/** Shows the benchmark what it needs of a client. */
export function adapt(client: Client): AdaptedClient {
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    setMany: (keys, values) => client.setMany(new Map(keys.map((key, i) => [key, values[i]]))),
    ...(HAS_GET_MANY ? { getMany: (keys: readonly string[]) => getMany(client, keys) } : {}),
  };
}

async function getMany(client: Client, keys: readonly string[]): Promise<unknown[]> {
  const { getMany } = client as unknown as Record<
    "getMany",
    (this: Client, keys: readonly string[]) => Promise<Map<string, unknown>>
  >;
  const found = await getMany.call(client, keys);
  return keys.map((key) => found.get(key));
}
