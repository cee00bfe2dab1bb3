import { assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import { deferred } from "../../src/waiting/promises.ts";
import { SocketError } from "../../src/errors.ts";
import { resolveDns, type SrvRecord } from "../../src/transport/resolve_dns.ts";

const { signal } = new AbortController();

type Resolve = (
  name: string,
  type: string,
  options: { signal: AbortSignal },
) => Promise<(string | SrvRecord)[]>;

/** Puts a resolver in the place of Deno's. */
function answering(resolve: Resolve | undefined): Disposable {
  const own = Deno.resolveDns;
  Object.assign(Deno, { resolveDns: resolve });
  return { [Symbol.dispose]: () => void Object.assign(Deno, { resolveDns: own }) };
}

Deno.test("resolveDns asks Deno's resolver, and passes on the signal", async () => {
  const asked: unknown[] = [];
  using _ = answering((name, type, options) => {
    asked.push([name, type]);
    assertStrictEquals(options.signal, signal);
    return Promise.resolve(["10.0.0.1"]);
  });
  assertEquals(await resolveDns("cache.test", "A", signal), ["10.0.0.1"]);
  assertEquals(asked, [["cache.test", "A"]]);
});

Deno.test("resolveDns returns an empty list only for a name without records", async () => {
  using _ = answering((name) =>
    Promise.reject(name === "none.test" ? new Deno.errors.NotFound() : new Error("SERVFAIL"))
  );
  assertEquals(await resolveDns("none.test", "A", signal), []);
  await assertRejects(() => resolveDns("broken.test", "A", signal), Error, "SERVFAIL");
});

/** Puts a resolver in the place of Deno's and of `node:dns`; without one there is no such module. */
function answeringAsNode(resolver: object | undefined): Disposable {
  const none = answering(undefined);
  const runtime = globalThis as { process?: unknown };
  const own = runtime.process;
  const Resolver = function (): object {
    return resolver!;
  };
  runtime.process = {
    getBuiltinModule(name: string) {
      assertEquals(name, "node:dns");
      if (resolver === undefined) throw new Error("No such module");
      return { promises: { Resolver } };
    },
  };
  return {
    [Symbol.dispose]() {
      runtime.process = own;
      none[Symbol.dispose]();
    },
  };
}

Deno.test("resolveDns asks node:dns where there is no other resolver, and leaves aliases out", async () => {
  const record = { name: "a.test", port: 1, priority: 2, weight: 3 };
  using _ = answeringAsNode({
    resolve4: (name: string) => Promise.resolve([`alias.of.${name}.`, "10.0.0.1"]),
    resolve6: (name: string) => Promise.resolve(["::1", `alias.of.${name}.`]),
    resolveSrv: () => Promise.resolve([record]),
  });
  assertEquals(await resolveDns("cache.test", "A", signal), ["10.0.0.1"]);
  assertEquals(await resolveDns("cache.test", "AAAA", signal), ["::1"]);
  assertEquals(await resolveDns("cache.test", "SRV", signal), [
    { target: "a.test", port: 1, priority: 2, weight: 3 },
  ]);
});

Deno.test("resolveDns returns an empty list for node:dns's errors about missing records", async () => {
  const fail = (code: string) => Promise.reject(Object.assign(new Error(code), { code }));
  using _ = answeringAsNode({ resolve4: fail });
  for (const code of ["ENOTFOUND", "ENODATA"]) {
    assertEquals(await resolveDns(code, "A", signal), []);
  }
  for (const code of ["ESERVFAIL", "ETIMEOUT", "ECONNREFUSED"]) {
    await assertRejects(() => resolveDns(code, "A", signal), Error, code);
  }
});

Deno.test("resolveDns has node:dns give up when its signal is aborted", async () => {
  const { promise, reject } = deferred<string[]>();
  using _ = answeringAsNode({
    resolve4: () => promise,
    cancel: () => reject(new Error("cancelled")),
  });
  const ending = new AbortController();
  const answer = resolveDns("cache.test", "A", ending.signal);
  await Promise.resolve();
  ending.abort(new Error("given up"));
  await assertRejects(() => answer, Error);
  await assertRejects(() => resolveDns("cache.test", "A", ending.signal), Error, "given up");
});

Deno.test("resolveDns cancels nothing in workers, which throw at that", async () => {
  const navigator = Object.getOwnPropertyDescriptor(globalThis, "navigator")!;
  Object.defineProperty(globalThis, "navigator", {
    value: { userAgent: "Cloudflare-Workers" },
    configurable: true,
  });
  const ending = new AbortController();
  using _ = answeringAsNode({
    resolve4() {
      ending.abort(new Error("given up"));
      return Promise.resolve(["10.0.0.1"]);
    },
    cancel() {
      throw new Error("Not implemented");
    },
  });
  try {
    assertEquals(await resolveDns("cache.test", "A", ending.signal), ["10.0.0.1"]);
  } finally {
    Object.defineProperty(globalThis, "navigator", navigator);
  }
});

Deno.test("resolveDns reports that there is no resolver", async () => {
  using _ = answeringAsNode(undefined);
  const error = await assertRejects(
    () => resolveDns("cache.test", "A", signal),
    SocketError,
    "set the option resolve",
  );
  assertInstanceOf(error.cause, Error);
});
