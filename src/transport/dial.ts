/** Opens a socket on every runtime. @module */

import { SocketError } from "../errors.ts";
import { lazily } from "../waiting.ts";
import { isWorker } from "./runtime.ts";
import type { Dial, DialOptions, Endpoint, Transport } from "./transport.ts";

const loadDeno = /* @__PURE__ */ lazily(async () => (await import("./deno.ts")).dialDeno);
const loadBun = /* @__PURE__ */ lazily(async () => (await import("./bun.ts")).dialBun);
const loadNode = /* @__PURE__ */ lazily(async () => (await import("./node.ts")).dialNode);
const loadTls = /* @__PURE__ */ lazily(async () => (await import("./node_tls.ts")).dialTls);
const loadWorkers = /* @__PURE__ */ lazily(async () => (await import("./workers.ts")).dialWorkers);

/**
 * Opens a socket. The dialer of the runtime is loaded by the first call.
 *
 * @throws {ClientException} When the dialer cannot be loaded, which is no fault of the server.
 * @throws What the runtime throws when it cannot.
 */
export async function dial(endpoint: Endpoint, options: DialOptions): Promise<Transport> {
  const dialHere = await loadDialer(endpoint);
  // The attempt may have been aborted while the dialer was loaded.
  options.signal.throwIfAborted();
  return await dialHere(endpoint, options);
}

function loadDialer({ tls }: Endpoint): Promise<Dial> {
  // Workers may have parts of Node's modules, but their Node sockets are slower.
  if (isWorker()) return loadWorkers();
  if (tls !== undefined) return loadTls();
  if (typeof globalThis.Deno?.connect === "function") return loadDeno();
  return "Bun" in globalThis ? loadBun() : loadNode();
}

/**
 * Makes a dialer of a caller's function, and checks its result.
 *
 * @throws {SocketError} The dialer rejects with it when the function returns no transport.
 */
export function checkedDial(dial: Dial): Dial {
  return async (endpoint, options) => {
    const transport: unknown = await dial(endpoint, options);
    if (isTransport(transport)) return transport;
    throw new SocketError("dial returned no { readable, writable, close }");
  };
}

function isTransport(value: unknown): value is Transport {
  if (typeof value !== "object" || value === null) return false;
  const { readable, writable, close } = value as Partial<Transport>;
  return [readable?.getReader, writable?.getWriter, close].every((method) =>
    typeof method === "function"
  );
}
