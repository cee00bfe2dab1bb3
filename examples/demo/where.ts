/** Last act: where a key is, and why. @module */

import { Client } from "@moecache/moecache";
import { ketama } from "@moecache/moecache/rings";
import { count, paint, print } from "./screen.ts";

const KEY = "user:42";

/** Shows what the client knows about a key without asking a server. */
export async function showWhere(servers: readonly string[]): Promise<void> {
  // The ring of libmemcached: pylibmc, PHP and nginx find the key on the same server.
  await using client = new Client(servers, { locator: ketama });
  const { server, keyHash, point, why } = client.explain(KEY);
  print(
    "",
    `${paint("bold", "4 Explain")}  client.explain("${KEY}"), on libmemcached's ring`,
    `  ${paint("green", server)} has it: ${why}`,
    `  hash ${count(keyHash ?? 0)}, point ${count(point?.hash ?? 0)}, ` +
      `number ${point?.position} of ${point?.of}`,
  );
}
