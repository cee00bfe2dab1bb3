// deno-lint-ignore-file no-console -- it prints on any runtime
/** Run by `idle_client_test.ts`, on any runtime: uses a client, and prints what comes of it. */

import { Client, type ClientOptions } from "../../mod.ts";

/** What the program is to do. */
export interface Job {
  readonly server: string;
  readonly options: ClientOptions;
  /** How many gets, one after the other. */
  readonly gets: number;
  readonly closes: boolean;
  /** After how many milliseconds each get is aborted; never by default. */
  readonly abortsAfter?: number;
}

const { process } = globalThis as unknown as { process: { argv: string[] } };
const { server, options, gets, closes, abortsAfter }: Job = JSON.parse(process.argv.at(-1)!);
const client = new Client(server, options);
for (let i = 0; i < gets; i++) {
  const aborted = new AbortController();
  const getting = client.get("key", { signal: aborted.signal }).catch((error: Error) => error.name);
  if (abortsAfter !== undefined) setTimeout(() => aborted.abort(new Error()), abortsAfter);
  console.log(String(await getting));
}
if (closes) {
  await client.close();
  console.log("closed");
}
