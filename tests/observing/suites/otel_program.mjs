/**
 * What OpenTelemetry's SDK gets of `instrument`: a program for Deno, Node and Bun, which ends with a code other than 0
 * if something is wrong.
 *
 * @module
 */

// deno-lint-ignore-file no-console

import assert from "node:assert/strict";
import diagnostics from "node:diagnostics_channel";
import { context, metrics, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { CHANNELS, Client } from "@moecache/moecache";
import { instrument } from "@moecache/moecache/otel";
import { MemcachedServer } from "@moecache/moecache/testing";

const SECRET = "what-nobody-must-see";

const spanExporter = new InMemorySpanExporter();
const tracerProvider = new BasicTracerProvider({
  spanProcessors: [new SimpleSpanProcessor(spanExporter)],
});
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

/** Makes a provider of metrics, and what collects them. */
function makeMeter() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const collect = async () => {
    exporter.reset();
    await meterProvider.forceFlush();
    const found = new Map();
    for (const { scopeMetrics } of exporter.getMetrics()) {
      for (const { metrics } of scopeMetrics) {
        for (const { descriptor, dataPoints } of metrics) {
          found.set(descriptor.name, { ...descriptor, dataPoints });
        }
      }
    }
    return found;
  };
  return { meterProvider, collect };
}

/** The spans since it was called last. */
function takeSpans() {
  const spans = spanExporter.getFinishedSpans();
  spanExporter.reset();
  return [...spans];
}

const server = await MemcachedServer.listen();
const { hostname, port } = (() => {
  const [hostname, port] = server.address.split(":");
  return { hostname, port: Number(port) };
})();

const tests = {
  async "a span for each operation, with the attributes of the conventions"() {
    const client = new Client(server.address);
    const instrumented = instrument({
      tracerProvider,
      metrics: false,
      attributes: { tier: "web" },
    });
    await client.set("key", SECRET);
    await client.get("none");
    await client.getMany(["key", "none"]);
    await client.namespace("pages:").get("home");
    const [set, get, getMany, namespaced] = takeSpans();
    assert.equal(set.name, `set ${hostname}`);
    assert.equal(set.kind, SpanKind.CLIENT);
    assert.equal(set.instrumentationScope.name, "@moecache/moecache");
    assert.deepEqual(get.attributes, {
      "tier": "web",
      "db.system.name": "memcached",
      "db.operation.name": "get",
      "server.address": hostname,
      "server.port": port,
      "network.peer.address": hostname,
      "network.peer.port": port,
      "db.memcached.key_count": 1,
      "db.memcached.hit_count": 0,
      "db.memcached.miss_count": 1,
    });
    assert.equal(get.status.code, SpanStatusCode.UNSET);
    assert.equal(getMany.attributes["db.memcached.hit_count"], 1);
    assert.equal(getMany.attributes["db.memcached.miss_count"], 1);
    assert.equal(getMany.attributes["db.operation.batch.size"], undefined);
    assert.equal(namespaced.attributes["db.namespace"], "pages:");
    await client.setMany({ a: 1, b: 2 });
    assert.equal(takeSpans()[0].attributes["db.operation.batch.size"], 2);
    instrumented[Symbol.dispose]();
    await client.get("key");
    assert.equal(takeSpans().length, 0);
    await client.close();
  },

  async "the usual port is left out, and only an address is a peer"() {
    const answers = new TextEncoder().encode("END\r\n");
    const dial = () => {
      const transform = (_, controller) => controller.enqueue(answers);
      return Promise.resolve({ ...pick(new TransformStream({ transform })), close() {} });
    };
    const pick = ({ readable, writable }) => ({ readable, writable });
    const instrumented = instrument({ tracerProvider, metrics: false });
    const spanOf = async (address) => {
      const client = new Client(address, { dial });
      await client.get("key");
      await client.close();
      const [{ name, attributes }] = takeSpans();
      const own = Object.entries(attributes).filter(([name]) => /^(server|network)\./.test(name));
      return [name, Object.fromEntries(own)];
    };
    assert.deepEqual(await spanOf("cache.test"), ["get cache.test", {
      "server.address": "cache.test",
    }]);
    assert.deepEqual(await spanOf("cache.test:11212"), ["get cache.test", {
      "server.address": "cache.test",
      "server.port": 11212,
    }]);
    assert.deepEqual(await spanOf("10.0.0.1:11211"), ["get 10.0.0.1", {
      "server.address": "10.0.0.1",
      "network.peer.address": "10.0.0.1",
      "network.peer.port": 11211,
    }]);
    assert.deepEqual(await spanOf("[::1]:11212"), ["get ::1", {
      "server.address": "::1",
      "server.port": 11212,
      "network.peer.address": "::1",
      "network.peer.port": 11212,
    }]);
    assert.deepEqual(await spanOf({ path: "/run/memcached.sock" }), ["get /run/memcached.sock", {
      "server.address": "/run/memcached.sock",
      "network.peer.address": "/run/memcached.sock",
      "network.transport": "unix",
    }]);
    instrumented[Symbol.dispose]();
  },

  async "the parent of a span is what was active where the operation was called"() {
    const client = new Client(server.address);
    const instrumented = instrument({ tracerProvider, metrics: false });
    const tracer = tracerProvider.getTracer("test");
    const call = (name) =>
      tracer.startActiveSpan(name, async (span) => {
        await client.get(name);
        span.end();
        return span.spanContext();
      });
    const [a, b] = await Promise.all([call("a"), call("b")]);
    const gets = takeSpans().filter(({ name }) => name.startsWith("get "));
    const parents = gets.map(({ parentSpanContext }) => parentSpanContext?.spanId).sort();
    assert.deepEqual(parents, [a.spanId, b.spanId].sort());
    instrumented[Symbol.dispose]();
    await client.close();
  },

  async "a failure is an error, with its type and memcached's word"() {
    const instrumented = instrument({ tracerProvider, metrics: false });
    const client = new Client("127.0.0.1:1");
    await assert.rejects(client.get("key"));
    await client.close();
    const text = new Client(server.address);
    await text.set("text", "text");
    await assert.rejects(text.incr("text"));
    await text.close();
    const [get, , incr] = takeSpans();
    assert.equal(get.status.code, SpanStatusCode.ERROR);
    assert.equal(get.attributes["error.type"], "SocketError");
    assert.equal(incr.attributes["error.type"], "CLIENT_ERROR");
    assert.equal(incr.attributes["db.response.status_code"], "CLIENT_ERROR");
    instrumented[Symbol.dispose]();
  },

  async "an operation on several servers has none of them, and an error like any other"() {
    const instrumented = instrument({ tracerProvider, metrics: false });
    const other = await MemcachedServer.listen();
    const client = new Client([server.address, other.address, "127.0.0.1:1"]);
    // Similar keys may all be on one server.
    const candidates = Array.from({ length: 1000 }, (_, i) => `${Math.imul(i, 0x9e3779b1)}`);
    const keys = [0, 1, 2].map((at) => {
      return candidates.find((key) => client.locate(key).index === at) ?? "";
    });
    await assert.rejects(client.getMany(keys), { name: "PartialSocketError" });
    await assert.rejects(client.get("key", { signal: AbortSignal.abort() }), {
      name: "AbortError",
    });
    const [many, aborted] = takeSpans();
    assert.equal(many.name, "getMany");
    assert.equal(many.attributes["server.address"], undefined);
    assert.equal(many.attributes["db.memcached.key_count"], 3);
    assert.equal(many.attributes["error.type"], "PartialSocketError");
    assert.equal(aborted.attributes["error.type"], "AbortError");
    await client.close();
    await other.close();
    instrumented[Symbol.dispose]();
  },

  async "keys are shown as the option says, and values never"() {
    const client = new Client(server.address);
    const textWith = async (keys) => {
      const instrumented = instrument({ tracerProvider, metrics: false, keys });
      await client.set("user:1", SECRET);
      await client.getMany(["user:1", "user:2"]);
      instrumented[Symbol.dispose]();
      const spans = takeSpans();
      assert.ok(!JSON.stringify(spans.map(({ attributes }) => attributes)).includes(SECRET));
      return spans.map(({ attributes }) => attributes["db.query.text"]);
    };
    assert.deepEqual(await textWith(undefined), [undefined, undefined]);
    assert.deepEqual(await textWith("omit"), [undefined, undefined]);
    assert.deepEqual(await textWith("include"), ["set user:1", "getMany user:1 user:2"]);
    const shown = await textWith((key) => key.replace(/\d/, "?"));
    assert.deepEqual(shown, ["set user:?", "getMany user:? user:?"]);
    const fault = () => {
      throw new Error("fault");
    };
    assert.deepEqual(await textWith(fault), [undefined, undefined]);
    await client.close();
  },

  async "a span for each request, in which several keys are one operation"() {
    const client = new Client(server.address);
    const instrumented = instrument({ tracerProvider, metrics: false, spans: "requests" });
    await Promise.all([client.set("a", 1), client.set("b", 2), client.delete("c")]);
    await Promise.all([client.get("a"), client.get("b")]);
    const spans = takeSpans();
    assert.deepEqual(
      spans.map(({ name, attributes }) => [name, attributes["db.operation.batch.size"]]),
      [[`BATCH set ${hostname}`, 2], [`delete ${hostname}`, undefined], [
        `get ${hostname}`,
        undefined,
      ]],
    );
    assert.equal(spans[2].attributes["db.memcached.key_count"], 2);
    instrumented[Symbol.dispose]();
    const silent = instrument({ tracerProvider, metrics: false, spans: "none" });
    await client.get("a");
    assert.equal(takeSpans().length, 0);
    silent[Symbol.dispose]();
    await client.close();
  },

  async "metrics have the names, units and bounds of the conventions"() {
    const { meterProvider, collect } = makeMeter();
    const instrumented = instrument({ meterProvider, spans: "none", attributes: { tier: "web" } });
    const client = new Client(server.address, { clientName: "pool" });
    await client.set("key", 1);
    await client.getMany(["key", "none1", "none2"]);
    await client.getOrSet("computed", () => 1);
    await client.getOrSet("computed", () => 2);
    await client.namespace("pages:").getOrSet("home", () => 1);
    const found = await collect();
    const units = [...found].map(([name, { unit }]) => [name, unit]).sort();
    assert.deepEqual(units, [
      ["db.client.connection.count", "{connection}"],
      ["db.client.connection.create_time", "s"],
      ["db.client.connection.pending_requests", "{request}"],
      ["db.client.connection.use_time", "s"],
      ["db.client.connection.wait_time", "s"],
      ["db.client.operation.duration", "s"],
      ["moecache.client.keys", "{key}"],
    ]);
    const duration = found.get("db.client.operation.duration").dataPoints;
    const set = duration.find(({ attributes }) => attributes["db.operation.name"] === "set");
    assert.deepEqual(set.value.buckets.boundaries, [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]);
    assert.equal(set.value.count, 1);
    assert.equal(set.attributes["server.address"], hostname);
    assert.equal(set.attributes.tier, "web");
    const keys = found.get("moecache.client.keys").dataPoints.map(({ attributes, value }) => {
      const { "db.operation.name": name, "db.namespace": namespace } = attributes;
      return [name, attributes["moecache.result"], value, namespace];
    });
    assert.deepEqual(keys.sort(), [
      ["getMany", "hit", 1, undefined],
      ["getMany", "miss", 2, undefined],
      ["getOrSet", "hit", 1, undefined],
      ["getOrSet", "miss", 1, undefined],
      ["getOrSet", "miss", 1, "pages:"],
    ]);
    const counts = (metric) =>
      metric.dataPoints.map(({ attributes, value }) => [
        attributes["db.client.connection.pool.name"],
        attributes["db.client.connection.state"],
        value,
      ]);
    assert.deepEqual(counts(found.get("db.client.connection.count")), [
      ["pool", "used", 0],
      ["pool", "idle", 1],
    ]);
    assert.deepEqual(counts(found.get("db.client.connection.pending_requests")), [
      ["pool", undefined, 0],
    ]);
    const waits = found.get("db.client.connection.wait_time").dataPoints;
    assert.equal(waits.reduce((sum, { value }) => sum + value.count, 0), 5);
    await client.close();
    const closed = await collect();
    assert.deepEqual(counts(closed.get("db.client.connection.count")), [
      ["pool", "used", 0],
      ["pool", "idle", 0],
    ]);
    instrumented[Symbol.dispose]();
    await meterProvider.shutdown();
  },

  async "a stale value counts as stale, and not as a hit"() {
    const { meterProvider, collect } = makeMeter();
    const instrumented = instrument({ meterProvider, spans: "none" });
    const client = new Client(server.address);
    const other = new Client(server.address);
    await client.set("old", 1);
    await client.invalidate("old");
    let serve;
    const begun = new Promise((began) => {
      serve = client.getOrSet("old", () => new Promise((resolve) => began(() => resolve(2))));
    });
    const resolve = await begun;
    assert.equal(await other.getOrSet("old", () => 3), 1);
    resolve();
    await serve;
    const results = (await collect()).get("moecache.client.keys").dataPoints.map((point) => {
      return [point.attributes["moecache.result"], point.value];
    });
    assert.deepEqual(results.sort(), [["miss", 1], ["stale", 1]]);
    await client.close();
    await other.close();
    instrumented[Symbol.dispose]();
    await meterProvider.shutdown();
  },

  async "an operation that never left counts as a timeout, and is pending until then"() {
    const { meterProvider, collect } = makeMeter();
    const instrumented = instrument({ meterProvider, spans: "none" });
    const dial = (_address, { signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    let time = 0;
    const timers = new Set();
    const clock = {
      now: () => time,
      after: (delay, callback) => {
        const timer = { at: time + delay, callback };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    };
    const client = new Client("127.0.0.1:1", { dial, timeout: 200, clock, clientName: "slow" });
    const got = assert.rejects(client.get("key"), { name: "TimeoutError" });
    const during = (await collect()).get("db.client.connection.pending_requests").dataPoints;
    assert.deepEqual(during.map(({ value }) => value), [1]);
    let isOver = false;
    const over = got.then(() => isOver = true);
    // What a timer calls may set another one.
    for (time = 200; !isOver; time++) {
      for (const timer of timers) {
        if (timer.at <= time && timers.delete(timer)) timer.callback();
      }
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await over;
    const after = await collect();
    assert.equal(after.get("db.client.connection.timeouts").dataPoints[0].value, 1);
    assert.equal(after.get("db.client.connection.pending_requests").dataPoints[0].value, 0);
    const [{ attributes }] = after.get("db.client.operation.duration").dataPoints;
    assert.equal(attributes["error.type"], "TimeoutError");
    await client.close();
    instrumented[Symbol.dispose]();
    await meterProvider.shutdown();
  },

  async "connections that were open before are counted, and a provider that is registered later is used"() {
    const client = new Client(server.address, { clientName: "early" });
    await client.get("key");
    const instrumented = instrument();
    const { meterProvider, collect } = makeMeter();
    metrics.setGlobalMeterProvider(meterProvider);
    trace.setGlobalTracerProvider(tracerProvider);
    await client.get("key");
    const counts = (await collect()).get("db.client.connection.count").dataPoints;
    assert.deepEqual(counts.map(({ value }) => value), [0, 1]);
    assert.equal(takeSpans().length, 1);
    instrumented[Symbol.dispose]();
    await client.close();
    await meterProvider.shutdown();
  },

  async "what is disposed of records nothing more, listens to nothing, and leaves no span open"() {
    const dial = () => new Promise(() => {});
    const valuesOf = (found) =>
      [...found].map(([name, { dataPoints }]) => [name, dataPoints.map(({ value }) => value)]);
    const client = new Client("127.0.0.1:1", { dial });
    for (const spans of ["commands", "requests", "none"]) {
      const { meterProvider, collect } = makeMeter();
      const instrumented = instrument({ tracerProvider, meterProvider, spans });
      client.get("key").catch(() => {});
      const before = valuesOf(await collect());
      assert.deepEqual(before, [
        ["db.client.connection.count", [0, 0]],
        ["db.client.connection.pending_requests", [1]],
      ]);
      instrumented[Symbol.dispose]();
      instrumented[Symbol.dispose]();
      assert.deepEqual(takeSpans().map(({ name }) => name), spans === "commands" ? ["get"] : []);
      for (const channel of Object.values(CHANNELS)) {
        for (const event of ["start", "end", "asyncStart", "asyncEnd", "error"]) {
          assert.equal(diagnostics.hasSubscribers(`tracing:${channel}:${event}`), false);
        }
        assert.equal(diagnostics.hasSubscribers(channel), false);
      }
      const other = new Client(server.address);
      await other.get("key");
      await other.close();
      assert.equal(takeSpans().length, 0);
      // The SDK repeats what was observed last.
      assert.deepEqual(valuesOf(await collect()), before);
      await meterProvider.shutdown();
    }
    await client.close();
  },

  async "options are checked"() {
    const wrong = [
      { span: "none" },
      { spans: "all" },
      { keys: true },
      { metrics: 1 },
      { attributes: 1 },
      { tracerProvider: {} },
      { meterProvider: {} },
    ];
    for (const options of wrong) {
      assert.throws(() => instrument(options), { name: "ValidationException" });
    }
    await Promise.resolve();
  },
};

for (const [name, test] of Object.entries(tests)) {
  await test();
  console.log(`ok: ${name}`);
}
await server.close();
console.log(`${Object.keys(tests).length} passed`);
