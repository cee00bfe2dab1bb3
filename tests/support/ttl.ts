/** How long an item has to live. @module */

import { assert } from "@std/assert";
import type { Client } from "../../mod.ts";

/**
 * Asserts how long a key has to live, give or take two seconds: memcached's clock ticks once a second, at
 * other times than ours. A busy machine may take some more until it asks.
 */
export async function assertTtl(client: Client, key: string, seconds: number): Promise<void> {
  // Not by `inspect`, which tells less where the client is to use no meta commands.
  const ttl = Number((await client.meta("mg", key, ["t"])).flags.t ?? NaN);
  assert(ttl <= seconds + 2 && ttl >= seconds - 9, `${key} has ${ttl} to live`);
}
