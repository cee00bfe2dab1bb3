import type { ClientOptions } from "../../mod.ts";
import { django, djangoPylibmc, djangoPythonMemcached } from "../../src/stacks/mod.ts";
import { isMissing, type NativeProgram } from "../transcoding/formats/native_programs.ts";
import { assertNeighbours } from "./neighbour.ts";

/** Python's expressions: the name of the backend, and its `OPTIONS`. */
function program(backend: string, module: string, options = "{}"): NativeProgram {
  const script = `
import json, sys, warnings
warnings.simplefilter("ignore")
from django.conf import settings
servers, reads, writes = (line.split("\\t") for line in sys.stdin.buffer.read().decode().split("\\n"))
settings.configure(CACHES={"default": {
    "BACKEND": "django.core.cache.backends.memcached.${backend}",
    "LOCATION": servers, "KEY_PREFIX": "café", "VERSION": 2, "OPTIONS": ${options}}})
from django.core.cache import cache
print(json.dumps([(cache.get(key) or {}).get("n") for key in reads], separators=(",", ":")))
for n, key in enumerate(writes):
    cache.set(key, {"n": n})
`;
  return {
    command: "/usr/bin/python3", // Debian's, which has Django
    args: ["-c", script],
    probe: ["-c", `import django, ${module}`],
  };
}

const KEYS = { prefix: "café", version: 2 };
const CASES: readonly (readonly [string, NativeProgram, ClientOptions])[] = [
  ["PyMemcacheCache", program("PyMemcacheCache", "pymemcache"), django(KEYS)],
  ["PyLibMCCache", program("PyLibMCCache", "pylibmc"), djangoPylibmc(KEYS)],
  [
    "PyLibMCCache with ketama",
    program("PyLibMCCache", "pylibmc", '{"behaviors": {"ketama": True}}'),
    djangoPylibmc({ ...KEYS, distribution: "consistent" }),
  ],
  [
    "PyLibMCCache with weighted ketama",
    program("PyLibMCCache", "pylibmc", '{"behaviors": {"ketama_weighted": True}}'),
    djangoPylibmc({ ...KEYS, distribution: "ketama" }),
  ],
  [
    "PyLibMCCache with a hash",
    program("PyLibMCCache", "pylibmc", '{"behaviors": {"hash": "crc"}}'),
    djangoPylibmc({ ...KEYS, hash: "crc" }),
  ],
  ["MemcachedCache", program("MemcachedCache", "memcache"), djangoPythonMemcached(KEYS)],
];

for (const [name, python, options] of CASES) {
  Deno.test({
    name: `a client shares keys, values and servers with Django's ${name}`,
    ignore: isMissing(`Django's ${name}`, python),
    fn: () => assertNeighbours(python, options),
  });
}
