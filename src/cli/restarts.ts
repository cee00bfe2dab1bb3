/** Whether a server was started again while items were stored on it. @module */

import { ClientException } from "../../mod.ts";
import { isRestarted } from "./figures.ts";
import type { Fleet } from "./fleet.ts";
import { say } from "./messages.ts";
import { type Snapshot, takeSnapshot } from "./snapshot.ts";
import { inTime, type Terminal } from "./terminal.ts";
import { isServerFault, messageOf } from "./usage.ts";

/** Finds servers that have lost what they had taken: memcached starts empty. */
export class RestartWatch {
  readonly #fleet: Fleet;
  readonly #terminal: Terminal;
  /** What each server said at first; absent for one that said nothing, such as one that was not up yet. */
  readonly #before: readonly (Snapshot | undefined)[];

  /** Takes over what {@linkcode RestartWatch.begin} has asked. */
  constructor(fleet: Fleet, terminal: Terminal, before: readonly (Snapshot | undefined)[]) {
    this.#fleet = fleet;
    this.#terminal = terminal;
    this.#before = before;
  }

  /** Begins to watch; nothing may be stored before. */
  static async begin(fleet: Fleet, terminal: Terminal): Promise<RestartWatch> {
    const looks = fleet.names.map((name) => takeSnapshot(fleet, name).catch(() => undefined));
    return new RestartWatch(fleet, terminal, await inTime(terminal, Promise.all(looks)));
  }

  /** Reports every server that was started again, or is away now; resolves to whether there is one. */
  async report(): Promise<boolean> {
    const looks = this.#before.map((before) => this.#hasLost(before));
    return (await inTime(this.#terminal, Promise.all(looks))).includes(true);
  }

  async #hasLost(before: Snapshot | undefined): Promise<boolean> {
    if (before === undefined) return false;
    const { server } = before;
    try {
      const { stats } = await takeSnapshot(this.#fleet, server);
      if (!isRestarted(before.stats, stats)) return false;
      const advice = "run this again with --skip-existing";
      say(this.#terminal, `${server} was started again, and has lost what it had taken: ${advice}`);
    } catch (error) {
      if (!isServerFault(error)) throw error;
      if (error instanceof ClientException) return false;
      say(this.#terminal, messageOf(error));
    }
    return true;
  }
}
