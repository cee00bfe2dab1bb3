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
}

const { process } = globalThis as unknown as { process: { argv: string[] } };
const { server, options, gets, closes }: Job = JSON.parse(process.argv.at(-1)!);
const client = new Client(server, options);
for (let i = 0; i < gets; i++) {
  console.log(String(await client.get("key").catch((error: Error) => error.name)));
}
if (closes) {
  await client.close();
  console.log("closed");
}
