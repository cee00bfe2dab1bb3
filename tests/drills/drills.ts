/** What is done to a deployment. @module */

import type { Client } from "../../mod.ts";
import type { Deployment } from "./deployment.ts";

/** A failure, and its end. */
export interface Drill {
  readonly name: string;
  /** What happens to the deployment. */
  readonly begin: (deployment: Deployment, clients: readonly Client[]) => Promise<void> | void;
  /** What ends it after a while; absent where it is over at once. */
  readonly end?: (deployment: Deployment) => Promise<void> | void;
}

/** The server that something is done to, where it is one. */
export const victimOf = ({ names }: Pick<Deployment, "names">): string => names[1]!;

/** `kill -9` of one server, which comes back empty. */
export const KILL: Drill = {
  name: "`kill -9` of one of four, back empty",
  begin: (deployment) => deployment.kill(victimOf(deployment)),
  end: (deployment) => deployment.restart(victimOf(deployment)),
};

/** SIGSTOP of one server, which accepts and never answers, and SIGCONT. */
export const STOP: Drill = {
  name: "one of four hangs (`SIGSTOP`), then goes on",
  begin: (deployment) => deployment.stop(victimOf(deployment)),
  end: (deployment) => deployment.resume(victimOf(deployment)),
};

/** One server is restarted at once, empty. */
export const RESTART: Drill = {
  name: "one of four restarted, empty",
  async begin(deployment) {
    await deployment.kill(victimOf(deployment));
    await deployment.restart(victimOf(deployment));
  },
};

/** All servers are killed, and come back empty. */
export const ALL: Drill = {
  name: "all four killed, back empty",
  async begin(deployment) {
    await Promise.all(deployment.names.map((name) => deployment.kill(name)));
  },
  async end(deployment) {
    await Promise.all(deployment.names.map((name) => deployment.restart(name)));
  },
};

/** The name of a server moves to another address, and the old one is killed. */
export const MOVE: Drill = {
  name: "a name moves to another, empty server",
  begin: (deployment) => deployment.move(victimOf(deployment)),
};

/** One server of the list is replaced with `setServers`. */
export const REPLACE: Drill = {
  name: "one of four replaced by `setServers`",
  async begin(deployment, clients) {
    const { names, newcomer } = deployment;
    const servers = names.map((name) => name === victimOf(deployment) ? newcomer : name);
    await Promise.all(clients.map((client) => client.setServers(servers)));
  },
};

/** All of them. */
export const DRILLS: readonly Drill[] = [KILL, STOP, RESTART, ALL, MOVE, REPLACE];
