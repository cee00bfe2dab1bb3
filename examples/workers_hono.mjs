/**
 * A Hono app on Cloudflare's workers, or workerd, which remembers what it has computed. Sockets belong to
 * one request there, so each request has a client of its own: making one costs microseconds.
 *
 * ```sh
 * npx jsr add @moecache/moecache
 * npm install hono # and bind MEMCACHED to an address such as cache.example:11211
 * npx wrangler dev examples/workers_hono.mjs
 * ```
 *
 * @module
 */

import { Client } from "@moecache/moecache";
import { Hono } from "hono";

const app = new Hono();

// Each request's client, which is closed when the request has been answered. While memcached is down,
// results are computed for each request.
app.use(async (context, next) => {
  const options = { timeout: 1000, connectTimeout: 2000, failover: "miss" };
  const client = new Client(context.env.MEMCACHED, options);
  context.set("memcached", client);
  try {
    await next();
  } finally {
    await client.close();
  }
});

app.get("/primes/:limit{[0-9]{1,6}}", async (context) => {
  const limit = Number(context.req.param("limit"));
  const load = () => ({ limit, primes: countPrimes(limit), computed: new Date() });
  const client = context.get("memcached");
  return context.json(await client.getOrSet(`primes:${limit}`, load, { exptime: 3600 }));
});

/** The work that is worth remembering. */
function countPrimes(limit) {
  const isComposite = new Uint8Array(limit + 1);
  let count = 0;
  for (let n = 2; n <= limit; n++) {
    if (isComposite[n]) continue;
    count++;
    for (let multiple = 2 * n; multiple <= limit; multiple += n) isComposite[multiple] = 1;
  }
  return count;
}

export default app;
