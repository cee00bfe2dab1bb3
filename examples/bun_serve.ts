/**
 * An HTTP server on Bun which renders a page once a minute, for all servers together.
 *
 * ```sh
 * bunx jsr add @moecache/moecache
 * bun examples/bun_serve.ts
 * ```
 *
 * @module
 */

// deno-lint-ignore-file no-console

import { Client } from "@moecache/moecache";

/** What of Bun this program uses. */
declare const Bun: {
  readonly env: Record<string, string | undefined>;
  serve(options: {
    readonly port: number;
    fetch(request: Request): Response | Promise<Response>;
  }): { readonly url: URL };
};

// While memcached is down, pages are rendered for each request.
const client = new Client(Bun.env.MEMCACHED ?? "127.0.0.1:11211", {
  timeout: 1000,
  failover: "miss",
});

async function render(path: string): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 100)); // what takes its time
  return `<h1>${path}</h1><p>Rendered at ${new Date().toISOString()}</p>`;
}

const server = Bun.serve({
  port: Number(Bun.env.PORT ?? 3000),
  fetch: async (request) => {
    const path = new URL(request.url).pathname;
    const page = await client.getOrSet(`page:${path}`, () => render(path), { exptime: 60 });
    return new Response(page, { headers: { "Content-Type": "text/html" } });
  },
});
console.log(`Listening on ${server.url}`);
