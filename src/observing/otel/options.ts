/** The options of `instrument`, without types of another package. @module */

/** Attributes, as OpenTelemetry has them. */
export type InstrumentAttributes = Readonly<
  Record<string, string | number | boolean | readonly (string | number | boolean)[]>
>;

/** A `TracerProvider` of OpenTelemetry's, as far as it is looked at here. */
export interface MakesTracers {
  /** Makes a `Tracer`. */
  getTracer(name: string): unknown;
}

/** A `MeterProvider` of OpenTelemetry's, as far as it is looked at here. */
export interface MakesMeters {
  /** Makes a `Meter`. */
  getMeter(name: string): unknown;
}

/** The options of `instrument`. */
export interface InstrumentOptions {
  /**
   * What has a span: each operation that a program calls (`"commands"`, by default), each batch of requests on the
   * wire (`"requests"`), or nothing (`"none"`).
   */
  readonly spans?: "commands" | "requests" | "none" | undefined;
  /**
   * Whether spans hold keys, in `db.query.text`: `"omit"` by default, because keys may be personal data. A function is
   * called with each key and returns the text to use for it.
   */
  readonly keys?: "omit" | "include" | ((key: string) => string) | undefined;
  /** Whether there are metrics; `true` by default. */
  readonly metrics?: boolean | undefined;
  /** Attributes for every span and every measurement. They replace none of those that are set here. */
  readonly attributes?: InstrumentAttributes | undefined;
  /** Makes the spans; the global provider by default. */
  readonly tracerProvider?: MakesTracers | undefined;
  /** Makes the metrics; the global provider by default. */
  readonly meterProvider?: MakesMeters | undefined;
}
