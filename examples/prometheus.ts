/**
 * An HTTP server on Deno that tells Prometheus what its client counts, and what memcached says.
 *
 * ```sh
 * deno run --allow-net --allow-env examples/prometheus.ts
 * curl http://localhost:8000/hello
 * curl http://localhost:8000/metrics
 * ```
 *
 * @module
 */

// deno-lint-ignore-file no-console

import { Client } from "@moecache/moecache";
import { prometheus } from "@moecache/moecache/prometheus";

const client = new Client(Deno.env.get("MEMCACHED") ?? "127.0.0.1:11211", {
  timeout: 1000,
  clientName: "pages",
});

async function metrics(): Promise<Response> {
  return new Response(await prometheus(client, { servers: true }), {
    headers: { "Content-Type": "text/plain; version=0.0.4" },
  });
}

async function page(path: string): Promise<Response> {
  const key = `page:${encodeURIComponent(path)}`;
  return new Response(await client.getOrSet(key, () => `This is ${path}\n`, { exptime: 60 }));
}

Deno.serve({
  port: Number(Deno.env.get("PORT") ?? 8000),
  onListen: ({ port }) => console.log(`Listening on http://localhost:${port}/`),
}, async (request) => {
  const { pathname } = new URL(request.url);
  return pathname === "/metrics" ? await metrics() : await page(pathname);
});
