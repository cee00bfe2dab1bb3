/** Prometheus' text format, version 0.0.4. @module */

/** The kinds of metrics. */
export type MetricType = "counter" | "gauge" | "histogram";

/** Labels by their names. */
export type Labels = Readonly<Record<string, string>>;

/** One metric and its samples. */
interface Family {
  readonly type: MetricType;
  readonly help: string;
  /** The values by the text of a sample's name and labels, in the order in which they came. */
  readonly samples: Map<string, number>;
}

/** Gathers samples, and writes them as text. Samples with the same name and labels are added up. */
export class Exposition {
  readonly #prefix: string;
  readonly #families = new Map<string, Family>();

  /** @param prefix What all names begin with. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Names a metric, with or without samples. */
  declare(name: string, type: MetricType, help: string): void {
    if (!this.#families.has(name)) {
      this.#families.set(name, { type, help, samples: new Map() });
    }
  }

  /** Adds a sample of a metric that was declared. */
  add(name: string, labels: Labels, value: number): void {
    this.#add(name, `${this.#prefix}${name}${textOf(labels)}`, value);
  }

  /** Sets a sample of a metric that was declared: of the same labels, the last one counts. */
  set(name: string, labels: Labels, value: number): void {
    this.#families.get(name)?.samples.set(`${this.#prefix}${name}${textOf(labels)}`, value);
  }

  /**
   * Adds a histogram to a metric that was declared.
   *
   * @param bounds The upper bounds.
   * @param counts How many are in each bucket; the last one has no bound.
   */
  addHistogram(
    name: string,
    labels: Labels,
    { bounds, counts, sum }: {
      readonly bounds: readonly number[];
      readonly counts: readonly number[];
      readonly sum: number;
    },
  ): void {
    let total = 0;
    for (const [i, count] of counts.entries()) {
      total += count;
      const le = bounds[i] === undefined ? "+Inf" : `${bounds[i]}`;
      this.#add(name, `${this.#prefix}${name}_bucket${textOf({ ...labels, le })}`, total);
    }
    this.#add(name, `${this.#prefix}${name}_sum${textOf(labels)}`, sum);
    this.#add(name, `${this.#prefix}${name}_count${textOf(labels)}`, total);
  }

  #add(family: string, sample: string, value: number): void {
    const samples = this.#families.get(family)?.samples;
    samples?.set(sample, (samples.get(sample) ?? 0) + value);
  }

  /** The text. Metrics without samples are left out. */
  toString(): string {
    const lines: string[] = [];
    for (const [name, { type, help, samples }] of this.#families) {
      if (samples.size === 0) continue;
      lines.push(`# HELP ${this.#prefix}${name} ${help}`, `# TYPE ${this.#prefix}${name} ${type}`);
      for (const [sample, value] of samples) lines.push(`${sample} ${value}`);
    }
    return lines.map((line) => `${line}\n`).join("");
  }
}

function textOf(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escape(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
