/** Addresses to listen on. @module */

import { UsageFault } from "./usage.ts";

/** Where a server listens. */
export interface ListenAddress {
  /** A name or an IP address; empty for every address. */
  readonly host: string;
  /** 0 for any port that is free. */
  readonly port: number;
}

/** Reads `127.0.0.1:8300`, `[::1]:8300`, or `:8300` for every address. */
export function readListenAddress(text: string): ListenAddress {
  const [, host = "", digits] = /^(\[[\w.:%-]+\]|[\w.-]*):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits ?? NaN);
  if (port <= 65_535) return { host: host.replace(/^\[(.*)\]$/, "$1"), port };
  throw new UsageFault(`the option --listen "${text}" is not host:port`);
}
