/** What the charts show: the last minutes, of each server and of all together. @module */

import type { FleetFigures, ServerFigures } from "../figures.ts";
import type { Overview } from "../overview.ts";

/** What is charted. */
const CHARTED = ["gets", "hitRate", "sets", "evictions", "fill", "connections"] as const;

/** A number for each of {@linkcode CHARTED}; `null` where there is none. */
export type Point = readonly (number | null)[];

/** The last minutes, in columns: a list of points for each server, and one for all under the name `""`. */
export interface HistoryColumns {
  readonly names: readonly string[];
  /** Seconds since 1970. */
  readonly at: readonly number[];
  readonly points: Readonly<Record<string, readonly Point[]>>;
}

const NOTHING: Point = CHARTED.map(() => null);

/** Keeps the newest points. */
export class History {
  readonly #length: number;
  readonly #at: number[] = [];
  readonly #points = new Map<string, Point[]>();

  /** Keeps so many points. */
  constructor(servers: readonly string[], length: number) {
    this.#length = length;
    for (const name of ["", ...servers]) this.#points.set(name, []);
  }

  /** Adds what was seen at one moment; a server that does not answer has a gap there. */
  add({ time, servers, fleet }: Overview): void {
    const answered = new Map(servers.map((view) => [
      view.server,
      view.state === "up" && view.silent === 0 ? view.figures : undefined,
    ]));
    this.#at.push(time.getTime() / 1000);
    for (const [name, points] of this.#points) {
      points.push(pointOf(name === "" ? fleet : answered.get(name)));
    }
    if (this.#at.length <= this.#length) return;
    for (const list of [this.#at, ...this.#points.values()]) list.shift();
  }

  /** All that is kept. */
  columns(): HistoryColumns {
    return { names: CHARTED, at: this.#at, points: Object.fromEntries(this.#points) };
  }
}

function pointOf(figures: ServerFigures | FleetFigures | undefined): Point {
  if (figures === undefined) return NOTHING;
  const { rates, hitRate, fill, connections } = figures;
  return [rates?.gets, hitRate, rates?.sets, rates?.evictions, fill, connections]
    .map((value) => value === undefined ? null : Number(value.toPrecision(4)));
}
