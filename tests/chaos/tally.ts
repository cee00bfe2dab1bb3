/** The numbers of a run. @module */

/** Counts things by name. */
export class Counter {
  readonly counts: Map<string, number> = new Map();

  /** How many there are in all. */
  get total(): number {
    return this.counts.values().reduce((sum, count) => sum + count, 0);
  }

  /** Counts one or more. */
  add(name: string, count = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + count);
  }

  /** Takes over another's counts. */
  addAll(counts: Iterable<readonly [string, number]>): void {
    for (const [name, count] of counts) this.add(name, count);
  }

  /** `name count`, most frequent first. */
  toString(): string {
    const sorted = Array.from(this.counts).sort(([, a], [, b]) => b - a);
    return sorted.map(([name, count]) => `${name} ${count}`).join(", ") || "none";
  }
}

/** What came of one round or of many. */
export class Tally {
  rounds = 0;
  hits = 0;
  misses = 0;
  sets = 0;
  deletes = 0;
  stats = 0;
  readonly errors: Counter = new Counter();
  readonly faults: Counter = new Counter();
  /** Answers that cannot be, each with its account. */
  readonly wrong: string[] = [];
  /** Answers that a shifted reply explains, and nothing else would. */
  indistinguishable = 0;
  /** Operations that settled later than they may. */
  readonly late: string[] = [];
  /** The longest time beyond its limit that an operation took, in milliseconds. */
  worstOverrun = 0;
  /** Operations that never settled. */
  unsettled = 0;
  /** Sockets that a closed client left open. */
  leaked = 0;
  /** Operations whose events were checked, how many of them failed, and how often one went on elsewhere. */
  readonly observed: { operations: number; failed: number; failovers: number } = {
    operations: 0,
    failed: 0,
    failovers: 0,
  };

  /** Every operation that was begun. */
  get operations(): number {
    const answered = this.hits + this.misses + this.sets + this.deletes + this.stats;
    return answered + this.errors.total + this.unsettled;
  }

  /** Takes over another's numbers. */
  add(other: Tally): void {
    const sums = ["rounds", "hits", "misses", "sets", "deletes", "stats"] as const;
    for (const name of sums) this[name] += other[name];
    for (const name of ["indistinguishable", "unsettled", "leaked"] as const) {
      this[name] += other[name];
    }
    for (const name of ["operations", "failed", "failovers"] as const) {
      this.observed[name] += other.observed[name];
    }
    this.errors.addAll(other.errors.counts);
    this.faults.addAll(other.faults.counts);
    this.wrong.push(...other.wrong);
    this.late.push(...other.late);
    this.worstOverrun = Math.max(this.worstOverrun, other.worstOverrun);
  }

  /** What must not be, in words; empty when all is well. */
  failures(): string[] {
    return [
      ...this.wrong.map((account) => `wrong answer: ${account}`),
      ...this.late.map((account) => `late: ${account}`),
      ...(this.unsettled > 0 ? [`${this.unsettled} operations never settled`] : []),
      ...(this.leaked > 0 ? [`${this.leaked} sockets were left open`] : []),
    ];
  }

  /** The summary that a run prints. */
  toString(): string {
    return [
      `rounds: ${this.rounds}`,
      `operations: ${this.operations}`,
      `answered: ${this.hits} hits, ${this.misses} misses, ${this.sets} sets, ` +
      `${this.deletes} deletes, ${this.stats} stats`,
      `errors: ${this.errors.total} (${this.errors})`,
      `faults injected: ${this.faults.total} (${this.faults})`,
      `wrong answers: ${this.wrong.length}`,
      `answers that a dropped or doubled reply explains: ${this.indistinguishable}`,
      `late settlements: ${this.late.length} (longest overrun ${this.worstOverrun.toFixed(1)} ms)`,
      `never settled: ${this.unsettled}`,
      `sockets left open: ${this.leaked}`,
      `operations whose events were checked: ${this.observed.operations} ` +
      `(${this.observed.failed} failed, ${this.observed.failovers} retries and failovers)`,
    ].join("\n");
  }
}
