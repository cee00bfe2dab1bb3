/** What operations and commands allocate on V8's heap for observers, while there are none. */

import { assert, assertEquals } from "@std/assert";
import { exec } from "../package/exec.ts";

/** Young objects have so much room that none is collected while they are counted. */
const ROOM = "--v8-flags=--min-semi-space-size=128,--max-semi-space-size=128";
const SOURCES = new URL("../../src/", import.meta.url).href;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

/** Prints the bytes of an operation that does nothing: the median of trials, as V8 also allocates for itself. */
const PROGRAM = `
import diagnostics from "node:diagnostics_channel";
const { traced } = await import("${SOURCES}commands/traced.ts");
const { adopt, beginTurn, endTurn } = await import("${SOURCES}observation.ts");
const { noteCarrier } = await import("${SOURCES}observation/connections.ts");
const CALLS = 20_000;
const START = "tracing:moecache:command:start";
const done = Promise.resolve();
const get = traced("get", () => done);
const session = { settings: { counters: { client: "client" } } };
const command = { byteLength: 5, carrier: 0, context: undefined };
const server = { serverAddress: "127.0.0.1", serverPort: 11211 };
function measure(trialCount = 21) {
  const trials = Array.from({ length: trialCount }, () => {
    const before = Deno.memoryUsage().heapUsed;
    for (let i = 0; i < CALLS; i++) {
      get(session, "key");
      adopt(command);
      noteCarrier(command, server);
    }
    return (Deno.memoryUsage().heapUsed - before) / CALLS;
  });
  return trials.sort((one, other) => one - other)[trialCount >> 1];
}
const bytes = {};
bytes.alone = measure();
tracesInTurn();
const listener = () => {};
diagnostics.subscribe(START, listener);
bytes.listening = measure(1);
diagnostics.unsubscribe(START, listener);
bytes.after = measure();
function tracesInTurn() {
  get(session, "key");
  beginTurn();
  bytes.inTurn = measure();
  endTurn();
}
console.log(JSON.stringify(bytes));
`;

Deno.test("without subscribers nothing is allocated for an operation, also after one has left", async () => {
  const path = await Deno.makeTempFile({ suffix: ".js" });
  await Deno.writeTextFile(path, PROGRAM);
  const args = ["run", "-A", "--no-check", ROOM, "--config", CONFIG, path];
  const printed = await exec(Deno.execPath(), args);
  await Deno.remove(path);
  const { listening, ...alone } = JSON.parse(printed);
  assertEquals(Object.keys(alone), ["alone", "inTurn", "after"]);
  for (const [when, bytes] of Object.entries(alone)) {
    assert(Math.abs(bytes as number) < 1, `${when}: ${bytes} bytes`);
  }
  // An object takes at least 12 bytes: what is counted would show.
  assert(listening > 12, `${listening} bytes`);
});
