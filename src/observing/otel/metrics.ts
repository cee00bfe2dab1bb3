/** The metrics of OpenTelemetry's conventions for databases, and a counter of hits and misses. @module */

import {
  type Attributes,
  type Counter,
  type Histogram,
  type MeterProvider,
  metrics,
  type ObservableResult,
  type ObservableUpDownCounter,
} from "@opentelemetry/api";
import type {
  BatchContext,
  CommandContext,
  ConnectContext,
  ConnectionClosedContext,
  LeaseContext,
} from "../../channel_contexts.ts";
import { CHANNELS } from "../../observation.ts";
import { type Clock, systemClock } from "../../waiting.ts";
import type { Subscriptions } from "../subscriptions.ts";
import { commandAttributes, errorAttributes, serverAttributes } from "./attributes.ts";
import { Connections } from "./connections.ts";
import { SCOPE } from "./scope.ts";
import type { Settings } from "./settings.ts";

/** The upper bounds that the conventions state for `db.client.operation.duration`, in seconds. */
const BOUNDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** What the end of a `getOrSet` counts as; while it waits for another client, it has not ended. */
const RESULTS: Readonly<Record<LeaseContext["outcome"], string | undefined>> = {
  hit: "hit",
  stale: "stale",
  won: "miss",
  waited: "hit",
  lost: undefined,
  "timed out": "miss",
};

/** What measurements go to. */
interface Instruments {
  readonly provider: MeterProvider;
  readonly duration: Histogram;
  readonly keys: Counter;
  readonly timeouts: Counter;
  readonly createTime: Histogram;
  readonly waitTime: Histogram;
  readonly useTime: Histogram;
  readonly count: ObservableUpDownCounter;
  readonly pending: ObservableUpDownCounter;
}

/** Makes metrics of what channels say. */
export class Metrics {
  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #connections = new Connections();
  /** When operations, batches and dials began. */
  readonly #begun = new WeakMap<object, number>();
  #instruments: Instruments;

  /** @param settings The options of `instrument`. */
  constructor(settings: Settings, clock: Clock = systemClock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#instruments = this.#make(this.#provider());
  }

  /** Subscribes to the channels. */
  subscribe(subscriptions: Subscriptions): void {
    const started = (context: object) => void this.#begun.set(context, this.#clock.now());
    subscriptions.trace<CommandContext>(CHANNELS.command, {
      started: (context) => {
        started(context);
        this.#connections.waits(context, this.#clock.now());
      },
      ended: (context) => this.#endCommand(context),
    });
    subscriptions.trace<BatchContext>(CHANNELS.batch, {
      started: (context) => {
        started(context);
        const now = this.#clock.now();
        const { waitTime } = this.#current();
        for (const since of this.#connections.written(context)) {
          waitTime.record((now - since) / 1000, this.#poolOf(context));
        }
      },
      ended: (context) => {
        this.#connections.answered(context);
        this.#time(this.#current().useTime, context, this.#poolOf(context));
      },
    });
    subscriptions.trace<ConnectContext>(CHANNELS.connect, {
      started,
      ended: (context) => this.#endConnect(context),
    });
    subscriptions.listen<ConnectionClosedContext>(CHANNELS.connectionClosed, (context) => {
      this.#connections.closed(context);
    });
    subscriptions.listen<LeaseContext>(CHANNELS.lease, (context) => this.#countLease(context));
  }

  /** Ends what is called when metrics are collected. */
  stop(): void {
    const { count, pending } = this.#instruments;
    count.removeCallback(this.#observeCount);
    pending.removeCallback(this.#observePending);
  }

  #endCommand(context: CommandContext): void {
    const { duration, keys, timeouts } = this.#current();
    const { hits = 0, misses = 0 } = context;
    const wasWaiting = this.#connections.ended(context);
    const own = { ...this.#settings.attributes, ...commandAttributes(context) };
    const failure = "error" in context ? errorAttributes(context.error) : {};
    this.#time(duration, context, { ...own, ...serverAttributes(context), ...failure });
    // The lease of a `getOrSet` tells more.
    if (context.command !== "getOrSet") {
      if (hits > 0) keys.add(hits, { ...own, "moecache.result": "hit" });
      if (misses > 0) keys.add(misses, { ...own, "moecache.result": "miss" });
    }
    if (wasWaiting && failure["error.type"] === "TimeoutError") {
      timeouts.add(1, this.#poolOf(context));
    }
  }

  #endConnect(context: ConnectContext): void {
    if ("error" in context) return;
    this.#connections.opened(context);
    this.#time(this.#current().createTime, context, this.#poolOf(context));
  }

  #countLease({ outcome, namespace }: LeaseContext): void {
    const result = RESULTS[outcome];
    if (result === undefined) return;
    this.#current().keys.add(1, {
      ...this.#settings.attributes,
      ...commandAttributes({ command: "getOrSet", namespace }),
      "moecache.result": result,
    });
  }

  /** Records how long something took. */
  #time(histogram: Histogram, context: object, attributes: Attributes): void {
    const begun = this.#begun.get(context);
    if (begun !== undefined) histogram.record((this.#clock.now() - begun) / 1000, attributes);
  }

  #poolOf({ client }: { readonly client: string }): Attributes {
    return { ...this.#settings.attributes, "db.client.connection.pool.name": client };
  }

  readonly #observeCount = (result: ObservableResult): void => {
    for (const [client, { used, idle }] of this.#connections.counts()) {
      const pool = this.#poolOf({ client });
      result.observe(used, { ...pool, "db.client.connection.state": "used" });
      result.observe(idle, { ...pool, "db.client.connection.state": "idle" });
    }
  };

  readonly #observePending = (result: ObservableResult): void => {
    for (const [client, waiting] of this.#connections.pending()) {
      result.observe(waiting, this.#poolOf({ client }));
    }
  };

  #provider(): MeterProvider {
    return this.#settings.meterProvider ?? metrics.getMeterProvider();
  }

  /** The instruments of the present provider: a program may set the global one later than it calls `instrument`. */
  #current(): Instruments {
    const provider = this.#provider();
    if (provider !== this.#instruments.provider) {
      this.stop();
      this.#instruments = this.#make(provider);
    }
    return this.#instruments;
  }

  #make(provider: MeterProvider): Instruments {
    const meter = provider.getMeter(SCOPE);
    const seconds = (name: string, description: string) =>
      meter.createHistogram(name, {
        description,
        unit: "s",
        advice: { explicitBucketBoundaries: BOUNDS },
      });
    const instruments = {
      provider,
      duration: seconds("db.client.operation.duration", "Duration of database client operations."),
      keys: meter.createCounter("moecache.client.keys", {
        description: "The keys that were read, by what came of it.",
        unit: "{key}",
      }),
      timeouts: meter.createCounter("db.client.connection.timeouts", {
        description: "The operations that timed out before a connection could write them.",
        unit: "{timeout}",
      }),
      createTime: seconds(
        "db.client.connection.create_time",
        "The time it took to create a new connection.",
      ),
      waitTime: seconds(
        "db.client.connection.wait_time",
        "The time from the call of an operation until it was written.",
      ),
      useTime: seconds(
        "db.client.connection.use_time",
        "The time from the write of a batch of requests until its last reply.",
      ),
      count: meter.createObservableUpDownCounter("db.client.connection.count", {
        description: "The number of connections, by whether requests are in flight on them.",
        unit: "{connection}",
      }),
      pending: meter.createObservableUpDownCounter("db.client.connection.pending_requests", {
        description: "The number of operations that have not been written yet.",
        unit: "{request}",
      }),
    };
    instruments.count.addCallback(this.#observeCount);
    instruments.pending.addCallback(this.#observePending);
    return instruments;
  }
}
