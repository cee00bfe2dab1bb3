/** Running a drill, and what came of it. @module */

import {
  Client,
  type ClientOptions,
  type Failover,
  type SocketError,
  TimeoutError,
} from "../../mod.ts";
import { Deployment } from "./deployment.ts";
import { type Drill, victimOf } from "./drills.ts";
import { Load, type Operation } from "./load.ts";

/** How a drill is run. Times are in milliseconds. */
export interface DrillOptions {
  /** How long there is load before anything happens. */
  readonly before: number;
  /** How long what fails stays so, at least: it stays until every client has noticed it. */
  readonly outage: number;
  /** How long the load goes on when all servers are in use again. */
  readonly after: number;
  /** `timeout` and `connectTimeout` of the clients. */
  readonly timeout: number;
  /** Operations per second, of each client. */
  readonly rate: number;
  /** As in the clients' options. */
  readonly maxProbeDelay?: number;
}

/** The ways to fail over. */
export const MODES = ["error", "remove", "miss", "gutter"] as const;

/** One of them. */
export type Mode = typeof MODES[number];

/** What came of a drill for the client of one mode. Times are in milliseconds. */
export interface Outcome {
  readonly drill: string;
  readonly mode: Mode;
  readonly operations: number;
  readonly errors: number;
  /** Errors other than that a reply was late, as replies of a busy machine may be. */
  readonly losses: number;
  /** Errors that tell of the one server that failed, of operations issued while it counted as down. */
  readonly errorsWhenDown: number;
  /** Whether a server counted as down. */
  readonly wasDown: boolean;
  readonly misses: number;
  /** What `failover: "miss"` counted. */
  readonly missed: number;
  readonly stale: number;
  readonly wrong: readonly string[];
  readonly strange: readonly unknown[];
  /** The longest that an operation took. */
  readonly longest: number;
  /** From the failure until operations are answered without an error as before; `undefined` for never. */
  readonly untilFullSpeed: number | undefined;
  /** From the failure until reads find what they look for as before. */
  readonly untilHits: number | undefined;
  /** Whether all servers were in use again. */
  readonly isWell: boolean;
}

/** In each time of this many milliseconds, this share of the operations must be as before. */
const WINDOW = 100;
const SHARE = 0.9;
/** When a drill is given up. */
const LIMIT = 60_000;

/** Runs a drill for the clients of all modes at once, under load. */
export async function runDrill(drill: Drill, options: DrillOptions): Promise<Outcome[]> {
  await using deployment = await Deployment.start();
  await using fleet = new AsyncDisposableStack();
  const runs = MODES.map((mode) => {
    const client = fleet.use(connect(deployment, mode, options));
    const isDown = downTimes(client, victimOf(deployment));
    return { mode, load: new Load(client, mode, options.rate), isDown, wasDown: isAnyDown(client) };
  });
  const clients = runs.map(({ load }) => load.client);
  await Promise.all(runs.map(({ load }) => load.start()));
  await sleep(options.before);
  const began = performance.now();
  await drill.begin(deployment, clients);
  if (drill.end !== undefined) {
    await sleep(Math.max(0, began + options.outage - performance.now()));
    // On a busy machine, it takes longer until a server counts as down.
    await until(() => runs.every(({ wasDown }) => wasDown()));
    await drill.end(deployment);
  }
  await until(() => !clients.some(isIll));
  const wells = clients.map((client) => !isIll(client));
  await sleep(options.after);
  await Promise.all(runs.map(({ load }) => load.stop()));
  return runs.map(({ mode, load, isDown, wasDown }, i) => {
    const { operations, stale, wrong, strange, client } = load;
    const errors = operations.filter(({ outcome }) => outcome === "error");
    return {
      ...{ drill: drill.name, mode, operations: operations.length, stale, wrong, strange },
      errors: errors.length,
      losses: errors.filter(({ error }) => !(error instanceof TimeoutError)).length,
      errorsWhenDown: errors.filter(({ issued, error }) =>
        isDown(issued) && (error as SocketError).server === victimOf(deployment)
      ).length,
      wasDown: wasDown(),
      misses: operations.filter(({ outcome }) =>
        outcome === "miss"
      ).length,
      missed: client.servers.reduce((sum, { missed }) => sum + missed, 0),
      longest: Math.max(...operations.map(({ issued, ended }) => ended - issued)),
      untilFullSpeed: timeUntil(operations, began, ({ outcome }) => outcome !== "error"),
      untilHits: timeUntil(operations, began, ({ outcome }) => !/error|miss/.test(outcome)),
      isWell: wells[i]!,
    };
  });
}

function connect(deployment: Deployment, mode: Mode, drill: DrillOptions): Client {
  const { timeout, maxProbeDelay = 10_000 } = drill;
  const failover: Failover = mode === "gutter" ? { gutter: deployment.gutter } : mode;
  const options: ClientOptions = { timeout, connectTimeout: timeout, failover, maxProbeDelay };
  return new Client(deployment.names, { ...options, dial: deployment.dial });
}

/** Notes when a client takes a server for down; the result tells whether it did at a time. */
function downTimes(client: Client, server: string): (time: number) => boolean {
  const changes: { readonly at: number; readonly isDown: boolean }[] = [];
  for (const type of ["down", "up"] as const) {
    client.addEventListener(type, (event) => {
      if (event.server === server) changes.push({ at: performance.now(), isDown: type === "down" });
    });
  }
  return (time) => changes.findLast(({ at }) => at < time)?.isDown ?? false;
}

/** The result tells whether a client has taken any server for down. */
function isAnyDown(client: Client): () => boolean {
  let isAny = false;
  client.addEventListener("down", () => isAny = true);
  return () => isAny;
}

/** Waits until something is so, but not for ever. */
async function until(isSo: () => boolean): Promise<void> {
  const limit = performance.now() + LIMIT;
  while (!isSo() && performance.now() < limit) await sleep(10);
}

/** Whether a client takes a server for down, or one has failed since it last answered. */
function isIll({ servers }: Client): boolean {
  return servers.some(({ state, failures }) => state === "down" || failures > 0);
}

/** How long after the beginning it is as it should be for good with enough operations of every window. */
function timeUntil(
  operations: readonly Operation[],
  began: number,
  isRight: (operation: Operation) => boolean,
): number | undefined {
  let until = began;
  const issued = operations.filter((operation) => operation.issued >= began);
  const end = issued.at(-1)?.issued ?? began;
  for (let from = began; from + WINDOW <= end; from += WINDOW / 5) {
    const window = issued.filter((operation) =>
      operation.issued >= from && operation.issued < from + WINDOW
    );
    if (window.filter(isRight).length < SHARE * window.length) until = from + WINDOW;
  }
  return until + WINDOW > end ? undefined : until - began;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
