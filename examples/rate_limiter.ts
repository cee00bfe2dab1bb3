/**
 * An HTTP server on Deno which answers each caller five times in ten seconds, however many such servers
 * there are.
 *
 * ```sh
 * deno run --allow-net --allow-env examples/rate_limiter.ts
 * for i in 1 2 3 4 5 6; do curl -i http://localhost:8000/; done
 * ```
 *
 * @module
 */

// deno-lint-ignore-file no-console

import { Client, SocketError } from "@moecache/moecache";
import { rateLimit } from "@moecache/moecache/patterns";

const client = new Client(Deno.env.get("MEMCACHED") ?? "127.0.0.1:11211", { timeout: 1000 });

Deno.serve({
  port: Number(Deno.env.get("PORT") ?? 8000),
  onListen: ({ port }) => console.log(`Listening on http://localhost:${port}/`),
}, async (_request, { remoteAddr }) => {
  const wait = await secondsToWait(remoteAddr.hostname);
  if (wait === 0) return new Response("Welcome\n");
  const headers = { "Retry-After": `${Math.ceil(wait)}` };
  return new Response("Too many requests\n", { status: 429, headers });
});

/** Counts a request; resolves to in how many seconds the next one is allowed, 0 when this one is. */
async function secondsToWait(caller: string): Promise<number> {
  try {
    const { allowed, resetAfter } = await rateLimit(client, `rate:${caller}`, {
      limit: 5,
      window: 10,
    });
    return allowed ? 0 : resetAfter;
  } catch (error) {
    if (!(error instanceof SocketError)) throw error;
    // Without memcached, no request is counted, and none is refused.
    console.error(error.message);
    return 0;
  }
}
