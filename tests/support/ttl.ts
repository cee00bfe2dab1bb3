/** How long an item has to live. @module */

import { assert } from "@std/assert";
import type { Client } from "../../mod.ts";

/**
 * Asserts how long a key has to live, give or take two seconds: memcached's clock ticks once a second, at
 * other times than ours.
 */
export async function assertTtl(client: Client, key: string, seconds: number): Promise<void> {
  // Not by `inspect`, which tells less where the client is to use no meta commands.
  const ttl = Number((await client.meta("mg", key, ["t"])).flags.t ?? NaN);
  assert(Math.abs(ttl - seconds) <= 2, `${key} has ${ttl} to live`);
}
