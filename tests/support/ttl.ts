import { assert } from "@std/assert";
import type { Client } from "../../mod.ts";

/**
 * Asserts how long a key has to live, give or take two seconds: memcached's clock ticks once a second, at
 * other times than ours.
 */
export async function assertTtl(client: Client, key: string, seconds: number): Promise<void> {
  const ttl = (await client.inspect(key))?.ttl;
  assert(ttl !== undefined && Math.abs(ttl - seconds) <= 2, `${key} has ${ttl} to live`);
}
