/** What a server says of itself at one moment. @module */

import { ClientException, type Stats } from "../../mod.ts";
import type { Fleet } from "./fleet.ts";
import { messageOf } from "./usage.ts";

/** The kinds of `stats` besides the general ones. */
export type StatsKind = "items" | "slabs" | "settings" | "conns";

/** The statistics of a server at one moment. A kind that was not asked for, or is refused, is not there. */
export interface Snapshot extends Readonly<Partial<Record<StatsKind, Stats>>> {
  /** The name of the server. */
  readonly server: string;
  /** When it answered, in milliseconds of a clock that never goes back. */
  readonly at: number;
  /** The general statistics. */
  readonly stats: Stats;
  /** The kinds that the server refuses, and what it says. */
  readonly refused: readonly Refusal[];
}

/** A kind of `stats` that a server does not offer. */
export interface Refusal {
  readonly kind: StatsKind;
  /** Says which server, which kind, and what the server answered. */
  readonly message: string;
}

/**
 * Asks one server for its statistics.
 *
 * @param kinds What is asked besides the general statistics.
 * @throws {SocketError} When the server cannot be reached.
 * @throws {ClientException} When it refuses even the general statistics.
 */
export async function takeSnapshot(
  fleet: Fleet,
  server: string,
  kinds: readonly StatsKind[] = [],
): Promise<Snapshot> {
  const client = fleet.at(server);
  const [[stats = {}], ...others] = await Promise.all([
    client.stats(),
    ...kinds.map(async (kind) => {
      try {
        return { kind, stats: (await client.stats(kind))[0] ?? {} };
      } catch (error) {
        if (!(error instanceof ClientException)) throw error;
        return { kind, message: `${server} does not offer stats ${kind}: ${messageOf(error)}` };
      }
    }),
  ]);
  const given = others.flatMap((other) => "stats" in other ? [[other.kind, other.stats]] : []);
  const refused = others.flatMap((other) => "message" in other ? [other] : []);
  return { server, at: performance.now(), stats, ...Object.fromEntries(given), refused };
}

/** A statistic as a number; `undefined` if the server does not have it. */
export function numberIn(fields: Stats | undefined, name: string): number | undefined {
  const number = Number(fields?.[name] ?? NaN);
  return Number.isFinite(number) ? number : undefined;
}

/** Whether a server asks for a password; `undefined` if it does not say. */
export function asksForPassword(settings: Stats | undefined): boolean | undefined {
  const { auth_enabled_ascii: file, auth_enabled_sasl: sasl } = settings ?? {};
  if (file === undefined && sasl === undefined) return undefined;
  // memcached says the file with the passwords, where it has one.
  return (file ?? "no") !== "no" || sasl === "yes";
}

/** The version in which meta commands got their form of today, as one number: 1.6.10. */
const FIRST_WITH_META = 1_006_010;

/** Whether the meta commands are those of today, or of the first draft, which clients cannot use with these. */
export function metaLevelOf(version = ""): "full" | "draft" {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  const number = [major, minor, patch].reduce((sum, part) => sum * 1000 + Number(part ?? NaN), 0);
  return number < FIRST_WITH_META ? "draft" : "full";
}

/** The statistics of each slab class, by its number. */
export type SlabClasses = ReadonlyMap<string, Stats>;

/** The slab classes of `stats items`. */
export function itemClasses(items: Stats): SlabClasses {
  return byClass(items, /^items:(\d+):(.+)$/);
}

/** The slab classes of `stats slabs`. */
export function slabClasses(slabs: Stats): SlabClasses {
  return byClass(slabs, /^(\d+):(.+)$/);
}

/**
 * The numbers of all slab classes, in their order. memcached lists a class in `stats items` only while it holds items:
 * one that has lost them all may still have its pages.
 */
export function slabNumbers(items: SlabClasses, slabs: SlabClasses): readonly string[] {
  const numbers = new Set([...items.keys(), ...slabs.keys()]);
  return Array.from(numbers).toSorted((a, b) => Number(a) - Number(b));
}

function byClass(fields: Stats, pattern: RegExp): SlabClasses {
  const classes = new Map<string, Record<string, string>>();
  for (const [name, value] of Object.entries(fields)) {
    const [, slab, field] = pattern.exec(name) ?? [];
    if (slab === undefined || field === undefined) continue;
    const known = classes.get(slab) ?? {};
    known[field] = value;
    classes.set(slab, known);
  }
  return classes;
}
