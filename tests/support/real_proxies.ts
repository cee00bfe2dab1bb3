/** Real proxies before real memcacheds, where they are installed. @module */

import { ketama } from "../../src/routing/mod.ts";
import { memcachedPath, MemcachedProcess, programPath } from "./memcached.ts";
import { until } from "./turns.ts";

/** A proxy that runs. */
export interface RunningProxy extends AsyncDisposable {
  /** Where it listens, `host:port`. */
  readonly address: string;
}

/** A program that stands between clients and memcacheds. */
export interface ProxyProgram {
  /** Its name, for tests. */
  readonly name: string;
  /** What it lacks to be run here: `: skipped, …`; empty when it lacks nothing. */
  readonly lacks: string;
  /** Starts it before servers on these ports, and waits until it listens. */
  start(ports: readonly number[]): Promise<RunningProxy>;
  /** The index of the port that it gives a key to. */
  indexOf(key: string, ports: readonly number[]): number;
}

/** How long a proxy waits for one of its servers, in milliseconds. */
const PATIENCE = 250;

/** memcached's own proxy gives a key to the server of its last number: `a7` and `a7~mark` to the second of three. */
const memcachedProxy: ProxyProgram = {
  name: "memcached's proxy",
  lacks: hasProxy() ? "" : ": skipped, this memcached is built without --enable-proxy",
  start: (ports) =>
    withFile(".lua", routes(ports), (config) => {
      return MemcachedProcess.start(["-o", `proxy_config=${config}`]);
    }),
  indexOf: (key, ports) => Number(/(\d+)\D*$/.exec(key)?.[1] ?? 0) % ports.length,
};

const nutcracker = programPath("nutcracker");

/** twemproxy gives a key to the server that its ring tells. */
const twemproxy: ProxyProgram = {
  name: "twemproxy",
  lacks: nutcracker === undefined
    ? ": skipped, nutcracker is not on the PATH"
    : memcachedPath() === undefined
    ? ": skipped, memcached is not on the PATH"
    : "",
  async start(ports) {
    const port = freePort();
    const proxy = await withFile(".yml", twemproxyConfig(port, ports), async (config) => {
      const process = startProgram(nutcracker!, [
        "-c",
        config,
        "-s",
        `${freePort()}`,
        "-o",
        "/dev/null",
      ]);
      await listens(port);
      return process;
    });
    return Object.assign(proxy, { address: `127.0.0.1:${port}` });
  },
  indexOf(key, ports) {
    const servers = ports.map((port) => ({ name: `127.0.0.1:${port}`, weight: 1 }));
    return ketama(servers, { keyHash: "fnv1a_64" }).locate(key);
  },
};

/** The proxies, by the names that {@linkcode deadBackend} has for them. */
export const REAL_PROXIES: Readonly<Record<"memcached" | "twemproxy", ProxyProgram>> = {
  memcached: memcachedProxy,
  twemproxy,
};

/** A port of 127.0.0.1 that nothing listens on. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function hasProxy(): boolean {
  const path = memcachedPath();
  if (path === undefined) return false;
  const { stdout } = new Deno.Command(path, { args: ["-h"] }).outputSync();
  return new TextDecoder().decode(stdout).includes("proxy_config");
}

/** A route is written differently from memcached 1.6.23 on. Pools have names: 1.6.18 loses those with numbers. */
const routes = (ports: readonly number[]) => `
local ports = { ${ports.join(", ")} }

function mcp_config_pools()
  mcp.backend_connect_timeout(${PATIENCE / 1000})
  mcp.backend_read_timeout(${PATIENCE / 1000})
  mcp.backend_retry_timeout(${PATIENCE / 1000})
  local pools = {}
  for i, port in ipairs(ports) do
    pools["p" .. i] = mcp.pool({ mcp.backend("b" .. i, "127.0.0.1", tostring(port)) })
  end
  return pools
end

local function place(request)
  local number = string.match(request:key(), "(%d+)%D*$") or "0"
  return "p" .. tonumber(number) % #ports + 1
end

function mcp_config_routes(pools)
  if mcp.funcgen_new == nil then
    mcp.attach(mcp.CMD_ANY_STORAGE, function(request) return pools[place(request)](request) end)
    return
  end
  local generator = mcp.funcgen_new()
  local handles = {}
  for i, pool in pairs(pools) do handles[i] = generator:new_handle(pool) end
  generator:ready({ n = "route", f = function(context)
    return function(request)
      return context:enqueue_and_wait(request, handles[place(request)])
    end
  end })
  mcp.attach(mcp.CMD_ANY_STORAGE, generator)
end
`;

const twemproxyConfig = (port: number, servers: readonly number[]) => `
pool:
  listen: 127.0.0.1:${port}
  hash: fnv1a_64
  distribution: ketama
  timeout: ${PATIENCE}
  server_retry_timeout: ${PATIENCE}
  auto_eject_hosts: false
  servers:
${servers.map((port) => `   - 127.0.0.1:${port}:1`).join("\n")}
`;

/** Uses a file with this text, which is removed afterwards. */
async function withFile<Result>(
  suffix: string,
  text: string,
  use: (path: string) => Promise<Result>,
): Promise<Result> {
  const path = await Deno.makeTempFile({ suffix });
  try {
    await Deno.writeTextFile(path, text);
    return await use(path);
  } finally {
    await Deno.remove(path);
  }
}

function startProgram(program: string, args: string[]): AsyncDisposable {
  const child = new Deno.Command(program, { args, stdout: "null", stderr: "null" }).spawn();
  return {
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.status;
    },
  };
}

async function listens(port: number): Promise<void> {
  await until(async () => {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionRefused) return false;
      throw error;
    }
  });
}
