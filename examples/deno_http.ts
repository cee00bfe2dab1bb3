/**
 * An HTTP server on Deno which fetches from another server, and remembers for a minute what that said.
 *
 * ```sh
 * UPSTREAM=https://api.github.com/ deno run --allow-net --allow-env examples/deno_http.ts
 * curl http://localhost:8000/zen
 * ```
 *
 * @module
 */

// deno-lint-ignore-file no-console

import { Client } from "@moecache/moecache";

// While memcached is down, the other server is asked each time.
const client = new Client(Deno.env.get("MEMCACHED") ?? "127.0.0.1:11211", {
  timeout: 1000,
  failover: "miss",
});
const upstream = Deno.env.get("UPSTREAM") ?? "https://api.github.com/";

/**
 * Requests the other server at most once a minute. For another half a minute, one caller requests it, and the others
 * get the old response.
 */
async function ask(path: string): Promise<string> {
  const url = new URL(path, upstream);
  return await client.getOrSet(`upstream:${encodeURIComponent(path)}`, async () => {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    return await response.text();
  }, { exptime: 60, staleFor: 30 });
}

Deno.serve({
  port: Number(Deno.env.get("PORT") ?? 8000),
  onListen: ({ port }) => console.log(`Listening on http://localhost:${port}/`),
  onError: (error) => {
    console.error(error);
    return new Response("The other server cannot be asked", { status: 502 });
  },
}, async (request) => new Response(await ask(new URL(request.url).pathname)));
