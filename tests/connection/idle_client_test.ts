/** A client keeps a process alive while something is under way, and no longer. */

import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import type { ClientOptions } from "../../mod.ts";
import { bundle } from "../runtimes/bundle.ts";
import { programPath } from "../support/memcached.ts";
import { type Script, ScriptedPeer } from "../support/scripted_peer.ts";
import type { Job, OwnCode } from "./idle_client.ts";

/** A process that stays longer than this many milliseconds is not going to end. */
const LONGEST = 40_000;
const PROGRAM = new URL("idle_client.ts", import.meta.url);

/** Answers each request when it has waited for some milliseconds. */
function slowly(delay: number): Script {
  return async (connection) => {
    while (await connection.request() !== undefined) {
      await new Promise((resolve) => setTimeout(resolve, delay));
      await connection.send("VALUE key 274 5\r\nvalue\r\nEND\r\n").catch(() => {});
    }
  };
}

/** Closes the first connection after a request, and answers on the others. */
const losingOne: Script = async (connection, index) => {
  if (index > 0) return await slowly(0)(connection, index);
  await connection.request();
  await connection.close();
};

interface Case {
  readonly what: string;
  readonly options: ClientOptions;
  readonly script: Script;
  readonly gets: number;
  readonly closes?: boolean;
  readonly abortsAfter?: number;
  readonly leavesOne?: boolean;
  readonly own?: OwnCode;
  readonly printed: string;
}

const CASES: readonly Case[] = [
  {
    what: "it is idle",
    options: { timeout: 60_000, connections: 2 },
    script: slowly(0),
    gets: 3,
    printed: "value\nvalue\nvalue\n",
  },
  {
    what: "it has waited for a while",
    // Nothing but the socket keeps the process alive.
    options: { stallTimeout: 60_000 },
    script: slowly(500),
    gets: 2,
    printed: "value\nvalue\n",
  },
  {
    what: "its streams are idle",
    options: { io: "streams" },
    script: slowly(100),
    gets: 2,
    printed: "value\nvalue\n",
  },
  {
    what: "its server is down",
    options: { timeout: 60_000, failuresBeforeDead: 1, failover: "remove" },
    script: (connection) => connection.close(),
    gets: 2,
    printed: "SocketError\nSocketError\n",
  },
  {
    what: "its server is down, and many operations in a row are refused",
    options: { failuresBeforeDead: 1, failover: "miss" },
    script: (connection) => connection.close(),
    // Now and then a refusal waits for a timer, and nothing else keeps the process alive then.
    gets: 1100,
    printed: "undefined\n".repeat(1100),
  },
  {
    what: "a get was sent again over another connection",
    options: { timeout: 60_000, retries: 1 },
    script: losingOne,
    gets: 1,
    printed: "value\n",
  },
  {
    what: "its server is silent",
    options: { stallTimeout: 300 },
    script: () => {},
    gets: 1,
    printed: "TimeoutError\n",
  },
  {
    what: "a get was aborted whose server is silent",
    options: { stallTimeout: 60_000 },
    script: () => {},
    gets: 1,
    abortsAfter: 200,
    printed: "Error\n",
  },
  {
    what: "a set was aborted behind a get that is answered late",
    options: { stallTimeout: 60_000 },
    script: async (connection) => {
      await connection.request();
      await new Promise((resolve) => setTimeout(resolve, 500));
      await connection.send("END\r\n");
    },
    gets: 1,
    leavesOne: true,
    printed: "undefined\n",
  },
  {
    what: "it is closed when it has been idle",
    options: {},
    script: slowly(0),
    gets: 1,
    closes: true,
    printed: "value\nclosed\n",
  },
  {
    what: "its dialer never ends",
    options: { timeout: 300 },
    script: () => {},
    gets: 1,
    own: "a dialer that never ends",
    printed: "TimeoutError\n",
  },
  {
    what: "its transport never closes",
    options: { timeout: 300 },
    script: () => {},
    gets: 1,
    closes: true,
    own: "a transport that never closes",
    printed: "TimeoutError\nclosed\n",
  },
  {
    what: "its transport throws",
    options: {},
    script: () => {},
    gets: 1,
    // The process lives until then.
    abortsAfter: 200,
    own: "a transport that throws",
    printed: "undefined\n",
  },
  {
    what: "its transcoder never ends",
    options: { timeout: 300 },
    script: slowly(0),
    gets: 1,
    own: "a transcoder that never ends",
    printed: "TimeoutError\n",
  },
  {
    what: "its discovery never ends",
    options: { timeout: 300 },
    script: () => {},
    gets: 1,
    closes: true,
    own: "a discovery that never ends",
    printed: "TimeoutError\nclosed\n",
  },
];

async function run(
  program: string,
  args: string[],
  { what, options, script, gets, closes = false, abortsAfter, leavesOne, own }: Case,
) {
  await using peer = new ScriptedPeer(script);
  const given = {
    ...abortsAfter !== undefined && { abortsAfter },
    ...leavesOne !== undefined && { leavesOne },
    ...own !== undefined && { own },
  };
  const job: Job = { server: peer.address, options, gets, closes, ...given };
  const signal = AbortSignal.timeout(LONGEST);
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args, JSON.stringify(job)],
    signal,
  }).output();
  const printed = new TextDecoder().decode(stdout);
  if (signal.aborted) return `${printed}and stays when ${what}`;
  return code === 0 ? printed : `${printed}exit code ${code}: ${new TextDecoder().decode(stderr)}`;
}

async function runAll(program: string, ...args: string[]): Promise<void> {
  await Promise.all(CASES.map(async (one) => {
    assertEquals(await run(program, args, one), one.printed, one.what);
  }));
}

Deno.test("a client keeps a process no longer than something is under way (Deno)", async () => {
  await runAll(Deno.execPath(), "run", "--allow-net", "--quiet", fileURLToPath(PROGRAM));
});

for (const runtime of ["node", "bun"]) {
  const program = programPath(runtime);
  Deno.test({
    name: `a client keeps a process no longer than something is under way (${runtime})`,
    ignore: program === undefined || programPath("npm") === undefined,
    fn: async () => {
      const folder = await Deno.makeTempDir();
      try {
        await bundle(PROGRAM, `${folder}/idle_client.mjs`);
        await runAll(program!, `${folder}/idle_client.mjs`);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
