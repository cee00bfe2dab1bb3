/** A memcached inside this process. @module */

import { ValidationException } from "../../../mod.ts";
import { MemcachedServer } from "../../testing/mod.ts";
import type { Command } from "commander";
import { define, type Job, type Runner } from "../definition.ts";
import { listenFault, listenOption, readListenAddress } from "../listen_address.ts";
import { readSize, showSize } from "../quantities.ts";
import { untilInterrupted } from "../terminal.ts";
import { EXIT, UsageFault } from "../usage.ts";

interface ServeOptions {
  readonly listen?: string;
  readonly memory?: string;
  readonly maxItem?: string;
}

const DEFAULT_ADDRESS = "127.0.0.1:11211";
/** What the server takes: 1 TiB, and memcached's largest item, 1 GiB. */
const [MOST_MEMORY, LARGEST_ITEM] = [1024 ** 4, 1024 ** 3];

/** Adds `serve`. */
export function addServe(program: Command, runner: Runner): void {
  define<ServeOptions>(program, runner, {
    usage: "serve",
    summary: "Run a memcached for development, until Ctrl-C.",
    options: [
      listenOption(DEFAULT_ADDRESS),
      ["--memory <size>", "how much its items may take (64m)"],
      ["--max-item <size>", "how much one item may take (1m)"],
    ],
    examples: ["serve", "serve --listen 127.0.0.1:0 --memory 16m"],
    run: serve,
  });
}

function sizeOf(option: string, text: string, most: number): number {
  const size = readSize(text);
  if (size >= 1 && size <= most) return size;
  throw new UsageFault(`the option ${option} "${text}" is not a size from 1 to ${showSize(most)}`);
}

async function serve({ options: wanted, printer, terminal }: Job<ServeOptions>): Promise<number> {
  const { memory, maxItem } = wanted;
  const address = readListenAddress(wanted.listen ?? DEFAULT_ADDRESS);
  const { host, port } = address;
  const options = {
    port,
    ...(memory === undefined ? {} : { memoryLimit: sizeOf("--memory", memory, MOST_MEMORY) }),
    ...(maxItem === undefined ? {} : { maxItemSize: sizeOf("--max-item", maxItem, LARGEST_ITEM) }),
  };
  const listen = (hostname: string) => MemcachedServer.listen({ ...options, hostname });
  // Without IPv6, every address is one of IPv4.
  const listening = host === "" ? listen("::").catch(() => listen("0.0.0.0")) : listen(host);
  const server = await listening.catch((error) => {
    if (error instanceof ValidationException) throw error;
    throw listenFault(address, error);
  });
  try {
    await printer.record({ address: server.address }, `memcached on ${server.address}`);
    await printer.flush();
    await untilInterrupted(terminal);
  } finally {
    await server.close();
  }
  return EXIT.done;
}
