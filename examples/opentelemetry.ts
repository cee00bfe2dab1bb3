/**
 * Spans of a client's operations, without an SDK: Deno has one built in. The second line prints them.
 *
 * ```sh
 * OTEL_DENO=true deno run --allow-net --allow-env examples/opentelemetry.ts
 * OTEL_DENO=true OTEL_EXPORTER_OTLP_PROTOCOL=console deno run --allow-net --allow-env examples/opentelemetry.ts
 * ```
 *
 * @module
 */

// deno-lint-ignore-file no-console

import { Client } from "@moecache/moecache";
import { instrument } from "@moecache/moecache/otel";

using _ = instrument({ keys: "include" });

await using client = new Client(Deno.env.get("MEMCACHED") ?? "127.0.0.1:11211", { timeout: 1000 });
await client.set("greeting", "Hello", 60);
console.log(await client.getMany(["greeting", "missing"]));
console.log(await client.namespace("pages:").getOrSet("home", () => "<h1>Home</h1>"));
