/** The page in the browser. @module */

import type { Command } from "commander";
import { createServer } from "node:http";
import { define, type Job, type Runner } from "../definition.ts";
import { closeServer, listenOn, listenOption, readListenAddress } from "../listen_address.ts";
import { readInterval } from "../quantities.ts";
import { EXIT } from "../usage.ts";

interface WebOptions {
  readonly listen?: string;
  readonly every?: string;
  readonly write?: boolean;
  readonly token?: boolean;
  readonly allowHost?: string;
}

const DEFAULT_ADDRESS = "127.0.0.1:8300";
/** The shortest time between two looks at the servers, in milliseconds. */
const LEAST_INTERVAL = 100;

/** Adds `web`. */
export function addWeb(program: Command, runner: Runner): void {
  define<WebOptions>(program, runner, {
    usage: "web",
    summary: "Serve a page with live charts, slabs, hot and big keys, advice and an inspector.",
    options: [
      listenOption(DEFAULT_ADDRESS),
      ["--every <duration>", "how often the servers are asked (1s)"],
      ["--write", "let the page delete, touch and flush"],
      ["--token", "ask for a token on loopback too; elsewhere it is always asked for"],
      ["--allow-host <names>", "other names that browsers know it by, such as a proxy's"],
    ],
    examples: ["web -s 10.0.0.1:11211", "web --listen 127.0.0.1:8300 --write"],
    run: web,
  });
}

async function web({ options, printer, terminal, fleet }: Job<WebOptions>): Promise<number> {
  const { listen = DEFAULT_ADDRESS, allowHost = "", token: needsToken = false } = options;
  const wanted = readListenAddress(listen);
  const every = readInterval("--every", options.every ?? "1s", LEAST_INTERVAL);
  const servers = await fleet();
  const canWrite = options.write === true;
  // The page and its charts are large: no other command loads them.
  const { boundTo, LiveView, requestListener } = await import("../web/page_server.ts");
  const server = createServer();
  const address = await listenOn(server, wanted);
  const otherHosts = allowHost.split(",").map((each) => each.trim());
  const bound = boundTo(address, { host: wanted.host, otherHosts, needsToken });
  const view = new LiveView(servers, terminal, { every, canWrite });
  server.on("request", requestListener({ fleet: servers, view, terminal, canWrite, bound }));
  try {
    await printer.record({ url: bound.url }, `the page is on ${bound.url}`);
    await printer.flush();
    await view.run(terminal.interrupted);
  } finally {
    await closeServer(server);
  }
  return EXIT.done;
}
