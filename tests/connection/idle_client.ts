// deno-lint-ignore-file no-console -- it prints on any runtime
/** Run by `idle_client_test.ts`, on any runtime: uses a client, and prints what comes of it. */

import { Client, type ClientOptions, type Transport } from "../../mod.ts";

/** Code of the caller's that the client waits for, and that keeps no process alive. */
export type OwnCode =
  | "a dialer that never ends"
  | "a transport that never closes"
  | "a transport that throws"
  | "a transcoder that never ends"
  | "a discovery that never ends";

/** What the program is to do. */
export interface Job {
  readonly server: string;
  readonly options: ClientOptions;
  /** How many gets, one after the other. */
  readonly gets: number;
  readonly closes: boolean;
  /** After how many milliseconds each get is aborted; never by default. */
  readonly abortsAfter?: number;
  /** Whether a set is begun behind the first get, and aborted when it has been sent. */
  readonly leavesOne?: boolean;
  /** What the client is given besides the options. */
  readonly own?: OwnCode;
}

const never = new Promise<never>(() => {});

const SILENT: Transport = {
  readable: new ReadableStream(),
  writable: new WritableStream(),
  read: () => never,
  write: (bytes) => Promise.resolve(bytes.length),
  close: () => never,
};

/** Replies once, and throws when it should not keep the process alive. */
function makeThrowing(): Transport {
  const replies = [new TextEncoder().encode("END\r\n")];
  return {
    ...SILENT,
    async read(into) {
      const reply = replies.pop() ?? await never;
      into.set(reply);
      return reply.length;
    },
    close() {},
    ref() {},
    unref() {
      throw new Error("it cannot");
    },
  };
}

const OWN_CODE: Readonly<Record<OwnCode, ClientOptions>> = {
  "a dialer that never ends": { dial: () => never },
  "a transport that never closes": { dial: () => Promise.resolve(SILENT) },
  "a transport that throws": { dial: () => Promise.resolve(makeThrowing()) },
  "a transcoder that never ends": { transcoder: { encode: () => never, decode: () => never } },
  "a discovery that never ends": { discovery: { name: "endless", lookUp: () => never } },
};

const { process } = globalThis as unknown as { process: { argv: string[] } };
const { server, gets, closes, abortsAfter, leavesOne, own, ...job }: Job = JSON.parse(
  process.argv.at(-1)!,
);
const options = { ...job.options, ...own !== undefined && OWN_CODE[own] };
const client = new Client(options.discovery === undefined ? server : [], options);
for (let i = 0; i < gets; i++) {
  const aborted = new AbortController();
  const getting = client.get("key", { signal: aborted.signal }).catch((error: Error) => error.name);
  if (leavesOne && i === 0) {
    const left = new AbortController();
    client.set("other", "value", 0, { signal: left.signal }).catch(() => {});
    setTimeout(() => left.abort(), 200);
  }
  if (abortsAfter !== undefined) setTimeout(() => aborted.abort(new Error()), abortsAfter);
  console.log(String(await getting));
}
if (closes) {
  await client.close();
  console.log("closed");
}
