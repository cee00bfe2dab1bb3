/** A key's hash, divided by the number of servers. @module */

import type { NamedHash } from "./hashes/key_hash.ts";
import type { Locator, Server } from "./locator.ts";
import { onlyServer } from "./only_server.ts";

/** Makes a locator that takes the remainder for the server's index. */
export function moduloLocator(
  servers: readonly Server[],
  algorithm: string,
  { hash, text: hashFunction }: NamedHash,
): Locator {
  const count = servers.length;
  if (count === 1) return onlyServer(algorithm);
  return {
    locate: (key) => hash(key) % count,
    explain(key) {
      const keyHash = hash(key);
      const why = `the key's hash modulo ${count} servers is ${keyHash % count}`;
      return { algorithm, hashFunction, keyHash, why };
    },
  };
}
