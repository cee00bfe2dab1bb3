/** Opening a socket on whatever runtime this is. @module */

import { SocketError } from "../errors.ts";
import { dialDeno } from "./deno.ts";
import { dialNode } from "./node.ts";
import type { Dial, DialOptions, Endpoint, Transport } from "./transport.ts";
import { dialWorkers } from "./workers.ts";

/**
 * Opens a socket.
 *
 * @throws What the runtime throws when it cannot.
 */
export function dial(endpoint: Endpoint, options: DialOptions): Promise<Transport> {
  return dialerHere()(endpoint, options);
}

/**
 * The dialer for this runtime. None of them imports what only its own runtime has before it is used,
 * so that all of them load anywhere.
 */
function dialerHere(): Dial {
  // Workers may have parts of Node's modules, whose sockets are slower there. Node 20 has no `navigator`.
  if (globalThis.navigator?.userAgent === "Cloudflare-Workers") return dialWorkers;
  return typeof globalThis.Deno?.connect === "function" ? dialDeno : dialNode;
}

/**
 * Makes a dialer of a caller's function, which may do anything.
 *
 * @throws {SocketError} As a rejection of the dialer, when the function gives no transport.
 */
export function checkedDial(dial: Dial): Dial {
  return async (endpoint, options) => {
    const transport: unknown = await dial(endpoint, options);
    if (isTransport(transport)) return transport;
    throw new SocketError("dial gave no { readable, writable, close }");
  };
}

function isTransport(value: unknown): value is Transport {
  if (typeof value !== "object" || value === null) return false;
  const { readable, writable, close } = value as Partial<Transport>;
  return [readable?.getReader, writable?.getWriter, close].every((method) =>
    typeof method === "function"
  );
}
