/** The examples for Deno, on real memcached. */

import { assertEquals, assertMatch } from "@std/assert";
import { memcachedPath, MemcachedProcess } from "../support/memcached.ts";
import { Program } from "./program.ts";

const ROOT = new URL("../../", import.meta.url);
const ignore = memcachedPath() === undefined;

function start(example: string, env: Record<string, string>): Program {
  const args = ["run", "--quiet", "--allow-net", "--allow-env", `examples/${example}`];
  return new Program(Deno.execPath(), args, { PORT: "0", ...env }, ROOT);
}

async function ask(url: string): Promise<[status: number, text: string]> {
  const response = await fetch(url);
  return [response.status, await response.text()];
}

Deno.test({
  name: "deno_http.ts asks the other server once, and each time without memcached",
  ignore,
  fn: async () => {
    let calls = 0;
    const listening = { port: 0, hostname: "127.0.0.1", onListen() {} };
    await using upstream = Deno.serve(listening, (request) => {
      const isFound = request.url.endsWith("/zen");
      return new Response(`call ${++calls}`, { status: isFound ? 200 : 404 });
    });
    await using memcached = await MemcachedProcess.start();
    await using program = start("deno_http.ts", {
      MEMCACHED: memcached.address,
      UPSTREAM: `http://127.0.0.1:${upstream.addr.port}/`,
    });
    const url = await program.prints(/Listening on (\S+)\n/);
    assertEquals(await ask(`${url}zen`), [200, "call 1"]);
    assertEquals(await ask(`${url}zen`), [200, "call 1"]);
    assertEquals((await ask(`${url}missing`))[0], 502);
    assertEquals(calls, 2);
    await memcached.kill();
    assertEquals(await ask(`${url}zen`), [200, "call 3"]);
    assertEquals(await ask(`${url}zen`), [200, "call 4"]);
  },
});

Deno.test({
  name: "rate_limiter.ts turns the sixth request away, and none without memcached",
  ignore,
  fn: async () => {
    await using memcached = await MemcachedProcess.start();
    await using program = start("rate_limiter.ts", { MEMCACHED: memcached.address });
    const url = await program.prints(/Listening on (\S+)\n/);
    const answers = [];
    for (let i = 0; i < 6; i++) answers.push(await fetch(url));
    assertEquals(answers.map(({ status }) => status), [200, 200, 200, 200, 200, 429]);
    assertMatch(answers[5]!.headers.get("Retry-After")!, /^[1-9]\d?$/);
    await Promise.all(answers.map((answer) => answer.body?.cancel()));
    await memcached.kill();
    assertEquals(await ask(url), [200, "Welcome\n"]);
  },
});

Deno.test({
  name: "opentelemetry.ts makes spans that Deno prints",
  ignore,
  fn: async () => {
    await using memcached = await MemcachedProcess.start();
    await using program = start("opentelemetry.ts", {
      MEMCACHED: memcached.address,
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "console",
    });
    const { code, output } = await program.ends();
    assertEquals(code, 0, output);
    assertMatch(output, /SPAN set 127\.0\.0\.1 \[.*\] Client /);
    assertMatch(output, /SPAN getMany 127\.0\.0\.1 \[.*\] Client /);
    assertMatch(output, /SPAN getOrSet/);
    assertMatch(output, /db\.query\.text: getMany greeting missing/);
    assertMatch(output, /db\.memcached\.hit_count: 1/);
    assertMatch(output, /db\.namespace: pages:/);
    assertMatch(output, /METRIC db\.client\.operation\.duration/);
  },
});

Deno.test({
  name: "prometheus.ts serves what its client counts",
  ignore,
  fn: async () => {
    await using memcached = await MemcachedProcess.start();
    await using program = start("prometheus.ts", { MEMCACHED: memcached.address });
    const url = await program.prints(/Listening on (\S+)\n/);
    assertEquals(await ask(`${url}hello`), [200, "This is /hello\n"]);
    assertEquals(await ask(`${url}hello`), [200, "This is /hello\n"]);
    const [status, text] = await ask(`${url}metrics`);
    assertEquals(status, 200);
    assertMatch(
      text,
      /^moecache_request_duration_seconds_count\{client="pages",command="mg"\} \d+$/m,
    );
    assertMatch(text, /^moecache_server_items\{client="pages",server="[^"]+"\} 1$/m);
  },
});
