/**
 * What OpenTelemetry's SDK gets of `instrument` on workerd: a worker whose `test` throws if something is wrong.
 *
 * @module
 */

import assert from "node:assert/strict";
import { context } from "@opentelemetry/api";
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
import { Client } from "@moecache/moecache";
import { instrument } from "@moecache/moecache/otel";

const SECRET = "what-nobody-must-see";

export const test = {
  async test(_controller, { ADDRESS }) {
    const spanExporter = new InMemorySpanExporter();
    const spanProcessors = [new SimpleSpanProcessor(spanExporter)];
    const tracerProvider = new BasicTracerProvider({ spanProcessors });
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const meterProvider = new MeterProvider({ readers: [reader] });
    const instrumented = instrument({ tracerProvider, meterProvider });

    const client = new Client(ADDRESS);
    await tracerProvider.getTracer("caller").startActiveSpan("caller", async (span) => {
      await client.set("key", SECRET);
      await client.getMany(["key", "none"]);
      await assert.rejects(client.incr("key"));
      span.end();
    });
    await meterProvider.forceFlush();
    instrumented[Symbol.dispose]();
    await client.close();

    const spans = spanExporter.getFinishedSpans();
    const hostname = ADDRESS.split(":")[0];
    assert.deepEqual(spans.map(({ name }) => name), [
      `set ${hostname}`,
      `getMany ${hostname}`,
      `incr ${hostname}`,
      "caller",
    ]);
    const [, getMany, incr, caller] = spans;
    assert.equal(getMany.attributes["db.memcached.hit_count"], 1);
    assert.equal(incr.attributes["error.type"], "CLIENT_ERROR");
    for (const span of [getMany, incr]) {
      assert.equal(span.parentSpanContext.spanId, caller.spanContext().spanId);
    }
    assert.ok(!JSON.stringify(spans.map(({ attributes }) => attributes)).includes(SECRET));

    const found = exporter.getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
    const duration = found.find(({ descriptor }) => {
      return descriptor.name === "db.client.operation.duration";
    });
    const names = duration.dataPoints.map(({ attributes }) => attributes["db.operation.name"]);
    assert.deepEqual(names.sort(), ["getMany", "incr", "set"]);
    await meterProvider.shutdown();
  },
};
