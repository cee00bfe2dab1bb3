/** Lists what the servers hold, one server after another, and says what could not be listed. @module */

import type { Client, ItemMetadata, ItemsOptions } from "../../mod.ts";
import { drained, itemsOf, KEYS } from "./drained.ts";
import type { Fleet } from "./fleet.ts";
import { isReachable, showKey, withShownKeys } from "./keys_of_bytes.ts";
import { isRefusalOfBase64 } from "./listed_items.ts";
import { say } from "./messages.ts";
import { Progress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";
import { EXIT, isServerFault, messageOf } from "./usage.ts";
import { INTERRUPTED } from "./terminal.ts";

/** What is listed. */
export interface ListingOptions {
  readonly fleet: Fleet;
  readonly terminal: Terminal;
  /** The name of the only server to list. */
  readonly server?: string | undefined;
  /** What the progress says. */
  readonly what: string;
  /** Whether the servers are asked for what they list, before the list has ended. */
  readonly asks?: boolean;
}

/** Keys of one server. */
export interface ListedKeys {
  readonly keys: readonly string[];
  readonly server: string;
}

type List<Entry> = (
  client: Client,
  options: ItemsOptions,
  server: string,
) => AsyncGenerator<Entry, void, undefined>;

/** How much of what a server holds was listed: one that is lost midway, or Ctrl-C, leaves a part. */
export type ListedExtent = "nothing" | "part" | "all";

/** A list of items, and how it ended. */
export class Listing {
  readonly #options: ListingOptions;
  #code: number = EXIT.done;
  #count = 0;
  readonly #extents = new Map<string, ListedExtent>();
  readonly #abandoned = new Set<string>();
  #isAnyLeftOut = false;

  constructor(options: ListingOptions) {
    this.#options = options;
  }

  get #interrupted(): AbortSignal {
    return this.#options.terminal.interrupted;
  }

  /** How much of a server has been listed. */
  extentOf(server: string): ListedExtent {
    return this.#extents.get(server) ?? "nothing";
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
  items(): AsyncGenerator<ItemMetadata, void, undefined> {
    return this.#list((client, options, server) => {
      const items = client.items(options);
      return this.#options.asks ? drained(items, itemsOf(server), this.#interrupted) : items;
    }, () => 1);
  }

  /** The keys, in lists of those of one server, as {@linkcode Listing.items}. */
  keys(): AsyncGenerator<ListedKeys, void, undefined> {
    const { asks } = this.#options;
    const interrupted = this.#interrupted;
    return this.#list(async function* (client, options, server) {
      const lists = client.keys(options);
      const read = asks ? drained(lists, KEYS, interrupted) : lists;
      for await (const keys of read) yield { keys, server };
    }, ({ keys }) => keys.length);
  }

  /** @param size How many items an entry stands for. */
  async *#list<Entry>(
    list: List<Entry>,
    size: (entry: Entry) => number,
  ): AsyncGenerator<Entry, void, undefined> {
    const { fleet, terminal, server, what } = this.#options;
    const names = server === undefined ? fleet.names : [server];
    const progress = new Progress(terminal, what);
    // Not waited for: one server that is silent must not delay the list, and Ctrl-C. The list itself reports faults.
    this.#total(names).then((total) => total !== undefined && progress.expect(total), () => {});
    try {
      for (const name of names) {
        if (terminal.interrupted.aborted) {
          this.#code = INTERRUPTED;
          return;
        }
        try {
          for await (const entry of list(fleet.at(name), { signal: terminal.interrupted }, name)) {
            const count = size(entry);
            this.#extents.set(name, "part");
            this.#count += count;
            progress.add(count);
            yield entry;
            if (this.#abandoned.has(name)) break;
          }
          if (!this.#abandoned.has(name)) this.#extents.set(name, "all");
        } catch (error) {
          this.#fail(error);
        }
      }
    } finally {
      progress.end();
    }
  }

  /**
   * Leaves the rest of a server out, because what is done with its items has failed. That is reported in one line.
   *
   * @throws The error, if it is no failure of a server.
   */
  abandon(server: string, error: unknown): void {
    this.#abandoned.add(server);
    this.#fail(error);
  }

  /** Whether the rest of a server is left out. Items of it may still come, which were listed before. */
  isAbandoned(server: string): boolean {
    return this.#abandoned.has(server);
  }

  /** Whether a command can carry a key. The first that none can carry is reported. */
  canReach(key: string, server: string): boolean {
    if (isReachable(key)) return true;
    const why = "only the binary protocol can carry such a key";
    this.#leaveOut(`Cannot ask ${server} for key "${showKey(key)}": ${why}`);
    return false;
  }

  /**
   * Leaves an item out, because its server is too old for its key. The first is reported.
   *
   * @throws The error, if it says something else.
   */
  leaveOut(key: string, error: unknown): void {
    if (!isRefusalOfBase64(error, key)) throw error;
    this.#leaveOut(messageOf(withShownKeys(error, [key])));
  }

  #leaveOut(why: string): void {
    if (!this.#isAnyLeftOut) say(this.#options.terminal, why);
    this.#isAnyLeftOut = true;
    this.#code = Math.max(this.#code, EXIT.server);
  }

  #fail(error: unknown): void {
    const { terminal } = this.#options;
    if (terminal.interrupted.aborted) {
      this.#code = INTERRUPTED;
      return;
    }
    if (!isServerFault(error)) throw error;
    say(terminal, messageOf(error));
    this.#code = EXIT.server;
  }

  /** How many items there are, for the time left. */
  async #total(names: readonly string[]): Promise<number | undefined> {
    const { fleet, terminal } = this.#options;
    if (!terminal.showsProgress) return undefined;
    const counts = await Promise.all(names.map(async (name) => {
      const [stats] = await fleet.at(name).stats(undefined, { signal: terminal.interrupted }).catch(
        () => [],
      );
      return Number(stats?.curr_items ?? NaN);
    }));
    const total = counts.reduce((sum, count) => sum + count, 0);
    return Number.isNaN(total) ? undefined : total;
  }
}
