/** Lists what the servers hold, one server after another, and says what could not be listed. @module */

import { ClientException, type ItemMetadata, SocketError } from "../../mod.ts";
import type { Fleet } from "./fleet.ts";
import { Progress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";
import { EXIT, messageOf } from "./usage.ts";
import { INTERRUPTED } from "./terminal.ts";

/** What is listed. */
export interface ListingOptions {
  readonly fleet: Fleet;
  readonly terminal: Terminal;
  /** The name of the only server to list. */
  readonly server?: string | undefined;
  /** What the progress says. */
  readonly what: string;
}

/** A list of items, and how it ended. */
export class Listing {
  readonly #options: ListingOptions;
  #code: number = EXIT.done;
  #count = 0;

  constructor(options: ListingOptions) {
    this.#options = options;
  }

  /** How many items have been listed. */
  get count(): number {
    return this.#count;
  }

  /** The exit code: 3 if a server could not be listed, 130 after Ctrl-C, 1 if there was nothing. */
  code(found: number): number {
    return this.#code === EXIT.done && found === 0 ? EXIT.nothing : this.#code;
  }

  /** The items. A server that cannot be listed is reported in one line, and the others go on. */
  async *items(): AsyncGenerator<ItemMetadata, void, undefined> {
    const { fleet, terminal, server, what } = this.#options;
    const names = server === undefined ? fleet.names : [server];
    const progress = new Progress(terminal, what, await this.#total(names));
    try {
      for (const name of names) {
        try {
          for await (const item of fleet.at(name).items({ signal: terminal.interrupted })) {
            this.#count++;
            progress.add();
            yield item;
          }
        } catch (error) {
          if (terminal.interrupted.aborted) {
            this.#code = INTERRUPTED;
            return;
          }
          if (!(error instanceof SocketError || error instanceof ClientException)) throw error;
          terminal.warn(`moecache: ${messageOf(error)}\n`);
          this.#code = EXIT.server;
        }
      }
    } finally {
      progress.end();
    }
  }

  /** How many items there are, for the time left. */
  async #total(names: readonly string[]): Promise<number | undefined> {
    const { fleet, terminal } = this.#options;
    if (!terminal.showsProgress) return undefined;
    const counts = await Promise.all(names.map(async (name) => {
      const [stats] = await fleet.at(name).stats().catch(() => []);
      return Number(stats?.curr_items ?? NaN);
    }));
    const total = counts.reduce((sum, count) => sum + count, 0);
    return Number.isNaN(total) ? undefined : total;
  }
}
