/** Addresses to listen on, and servers of HTTP that do. @module */

import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf, UsageFault } from "./usage.ts";

/** Where a server listens. */
export interface ListenAddress {
  /** As it is written on the command line. */
  readonly text: string;
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
  if (port <= 65_535) return { text, host: host.replace(/^\[(.*)\]$/, "$1"), port };
  throw new UsageFault(`the option --listen "${text}" is not host:port`);
}

/**
 * Makes a server listen on the address of `--listen`; resolves to the one that it got.
 *
 * @throws {UsageFault} When that cannot be.
 */
export async function listenOn(server: Server, address: ListenAddress): Promise<AddressInfo> {
  const { host, port } = address;
  await new Promise<void>((resolve, reject) => {
    server.on("error", (error) => reject(listenFault(address, error)));
    server.listen({ port, ...(host === "" ? {} : { host }) }, resolve);
  });
  return server.address() as AddressInfo;
}

/** Which codes say that the host is not this machine's. Deno and Bun have EINVAL for some. */
const NOT_HERE: readonly unknown[] = ["EADDRNOTAVAIL", "ENOTFOUND", "EINVAL"];

/** Why a server cannot listen on the address of `--listen`: each runtime has its own words for that. */
export function listenFault({ text }: ListenAddress, error: unknown): UsageFault {
  return new UsageFault(`cannot listen on ${text}: ${reasonOf(error)}`);
}

function reasonOf(error: unknown): string {
  const { code } = Object(error);
  if (code === "EADDRINUSE") {
    return "the port is in use; give --listen another one, or port 0 for a free one";
  }
  if (code === "EACCES") return "this user may not use the port; give --listen one above 1023";
  if (NOT_HERE.includes(code)) return "the host is not an address of this machine";
  return messageOf(error);
}

/** Closes a server at once, with the connections that are open to it. */
export async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
