/** Addresses to listen on, and servers of HTTP that do. @module */

import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { UsageFault } from "./usage.ts";

/** Where a server listens. */
export interface ListenAddress {
  /** A name or an IP address; empty for every address. */
  readonly host: string;
  /** 0 for any port that is free. */
  readonly port: number;
}

/** The option of every command that listens, and its help. */
export function listenOption(byDefault: string): readonly [flags: string, help: string] {
  const help = `host:port; no host is every address, port 0 is a free one (${byDefault})`;
  return ["--listen <address>", help];
}

/** Reads `127.0.0.1:8300`, `[::1]:8300`, or `:8300` for every address. */
export function readListenAddress(text: string): ListenAddress {
  const [, host = "", digits] = /^(\[[\w.:%-]+\]|[\w.-]*):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits ?? NaN);
  if (port <= 65_535) return { host: host.replace(/^\[(.*)\]$/, "$1"), port };
  throw new UsageFault(`the option --listen "${text}" is not host:port`);
}

/** Makes a server listen on an address; resolves to the address that it got. */
export async function listenOn(
  server: Server,
  { host, port }: ListenAddress,
): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject);
    server.listen({ port, ...(host === "" ? {} : { host }) }, resolve);
  });
  return server.address() as AddressInfo;
}

/** Closes a server at once, with the connections that are open to it. */
export async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
