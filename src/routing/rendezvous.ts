/** The distribution of Python's pymemcache. @module */

import { endMurmur3, startMurmur3 } from "./hashes/murmur.ts";
import { bareName } from "./labels_and_weights.ts";
import { type Locator, onlyServer, type Server } from "./locator.ts";

const ALGORITHM = "rendezvous";
const SEED = 0;

/**
 * Rendezvous hashing, as in pymemcache's `HashClient`. A key belongs to the server with the largest MurmurHash3 of
 * `host:port-key`; of equal hashes, the largest name wins. Removing a server moves only its keys. The time to locate a
 * key is proportional to the number of servers.
 *
 * pymemcache does not hash its `key_prefix`, and hashes a key of type `bytes` as the text `b'key'`. This client hashes
 * the key as it is sent, and with `pymemcacheKeys` as its option `keys` what pymemcache hashes.
 *
 * @param servers The servers; weights are not used.
 * @returns The locator. Locating allocates nothing.
 *
 * @example In a client
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { rendezvous } from "@moecache/moecache/rings";
 *
 * await using client = new Client(["10.0.0.1", "10.0.0.2"], { locator: rendezvous });
 * ```
 */
export function rendezvous(servers: readonly Server[]): Locator {
  if (servers.length === 1) return onlyServer(ALGORITHM);
  const names = servers.map(({ name }) => bareName(name));
  const starts = names.map((name) => startMurmur3(`${name}-`, SEED));

  function locate(key: string): number {
    let best = 0;
    let highest = -1;
    for (let i = 0; i < starts.length; i++) {
      const score = endMurmur3(starts[i]!, key);
      if (score < highest || (score === highest && names[i]! <= names[best]!)) continue;
      best = i;
      highest = score;
    }
    return best;
  }

  return {
    locate,
    explain(key) {
      const best = locate(key);
      return {
        algorithm: ALGORITHM,
        hashFunction: `MurmurHash3 of "${names[best]}-" and the key`,
        keyHash: endMurmur3(starts[best]!, key),
        why: `of the hashes with each of ${names.length} servers, this one is the largest`,
      };
    },
  };
}
