/** Metrics for Prometheus. @module */

import type { Command } from "commander";
import { createServer } from "node:http";
import { define, type GlobalOptions, type Job, type Runner } from "../definition.ts";
import { exportedMetrics } from "../exported_metrics.ts";
import { Fleet } from "../fleet.ts";
import { closeServer, listenOn, listenOption, readListenAddress } from "../listen_address.ts";
import { faultIn, say } from "../messages.ts";
import { type Snapshot, takeSnapshot } from "../snapshot.ts";
import { type Terminal, untilInterrupted } from "../terminal.ts";
import { EXIT, messageOf } from "../usage.ts";

/** That of Prometheus' exporter. */
const DEFAULT_ADDRESS = ":9150";

interface ExporterOptions {
  readonly listen?: string;
}

interface Reply {
  readonly status: number;
  readonly text: string;
}

/** Adds `exporter`. */
export function addExporter(program: Command, runner: Runner): void {
  define<ExporterOptions>(program, runner, {
    usage: "exporter",
    summary: "Serve the statistics to Prometheus, under the names of memcached_exporter.",
    options: [listenOption(DEFAULT_ADDRESS)],
    examples: ["exporter -s 10.0.0.1:11211", "exporter --listen 127.0.0.1:9150"],
    run: exporter,
  });
}

async function exporter(job: Job<ExporterOptions>): Promise<number> {
  const { options, printer, terminal } = job;
  const wanted = readListenAddress(options.listen ?? DEFAULT_ADDRESS);
  const known = await job.fleet();
  const faults = new Faults(terminal);
  const server = createServer((request, response) => {
    // What begins with a slash is a path, and never another host.
    const path = request.url?.startsWith("/") ? request.url : "/";
    const { pathname, searchParams } = new URL(`http://exporter${path}`);
    replyTo(pathname, searchParams.get("target")).then(({ status, text }) => {
      response.writeHead(status, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
      response.end(text);
    }, (error) => {
      response.writeHead(500);
      response.end(`${messageOf(error)}\n`);
    });
  });
  const replyTo = async (path: string, target: string | null): Promise<Reply> => {
    if (path === "/metrics") {
      const [only, ...others] = known.names;
      return only === undefined || others.length > 0
        ? { status: 400, text: "several servers: ask for /scrape?target=host:port\n" }
        : { status: 200, text: exportedMetrics(await reportOf(known, only, faults)) };
    }
    if (path !== "/scrape") return { status: 404, text: "there are /metrics and /scrape\n" };
    if (!target) return { status: 400, text: "'target' parameter must be specified\n" };
    if (known.names.includes(target)) {
      return { status: 200, text: exportedMetrics(await reportOf(known, target, faults)) };
    }
    return await scrapeOther(options, target, faults);
  };
  const { address, port } = await listenOn(server, wanted);
  try {
    const at = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
    await printer.record({ address: at }, `metrics on http://${at}/metrics`);
    await printer.flush();
    await untilInterrupted(terminal);
  } finally {
    await closeServer(server);
  }
  return EXIT.done;
}

/** Asks a server that the command line does not name. It gets no credentials, because any caller may name it. */
async function scrapeOther(
  options: GlobalOptions,
  target: string,
  faults: Faults,
): Promise<Reply> {
  const { discover: _, ...others } = options;
  let fleet: Fleet;
  try {
    fleet = await Fleet.open({ ...others, servers: target }, { ...faults.terminal, env: {} });
  } catch (error) {
    return { status: 400, text: `${messageOf(error)}\n` };
  }
  try {
    const [name = "", ...more] = fleet.names;
    if (more.length > 0) return { status: 400, text: "'target' must be one server\n" };
    return { status: 200, text: exportedMetrics(await reportOf(fleet, name, faults)) };
  } finally {
    await fleet.close();
  }
}

/** Asks one server; if that fails, one line says why. */
async function reportOf(fleet: Fleet, name: string, faults: Faults): Promise<Snapshot | undefined> {
  try {
    const snapshot = await takeSnapshot(fleet, name, ["settings", "items", "slabs"]);
    faults.noteLacks(name, snapshot.refused.map(({ message }) => message));
    return snapshot;
  } catch (error) {
    faults.noteOutage(name, messageOf(error));
    return undefined;
  }
}

/** How many servers' faults are kept: any caller may name others. */
const MOST_SERVERS = 10_000;
/** How many of each: a server may answer something else each time. */
const MOST_FAULTS = 100;

/** Says what servers lack, and why they do not answer: once, and not at each scrape. */
class Faults {
  readonly terminal: Terminal;
  readonly #lacks = new Map<string, Set<string>>();
  readonly #outages = new Map<string, Set<string>>();

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  /** Takes what a server that has answered lacks. */
  noteLacks(server: string, messages: readonly string[]): void {
    this.#outages.delete(server);
    if (messages.length === 0) this.#lacks.delete(server);
    for (const message of messages) this.#note(this.#lacks, server, message);
  }

  /** Takes why a server does not answer. */
  noteOutage(server: string, message: string): void {
    this.#note(this.#outages, server, message);
  }

  #note(noted: Map<string, Set<string>>, server: string, message: string): void {
    const faults = noted.get(server) ?? new Set();
    const fault = faultIn(message);
    if (faults.has(fault)) return;
    say(this.terminal, message);
    if (faults.size >= MOST_FAULTS) faults.clear();
    if (noted.size >= MOST_SERVERS) noted.clear();
    noted.set(server, faults.add(fault));
  }
}
