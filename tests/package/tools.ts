/** The runtimes and tools that the package is tested on and with. @module */

import { bun, node, type Tool, workerd } from "./tool.ts";

/** The first release of Node 20 for everybody, which `engines` names. */
export const OLDEST_NODE: Tool = node("20.9.0");
/** The newest Node that npm has. */
export const NEWEST_NODE: Tool = node("26.10.0");
/** The first release of Bun 1.2, which `engines` names. */
export const OLDEST_BUN: Tool = bun("1.2.0");
/** The newest Bun. */
export const NEWEST_BUN: Tool = bun("1.4.5");
/** Cloudflare's runtime for workers. */
export const WORKERD: Tool = workerd("1.20261117.1");
/** The compiler that is asked whether it sees the package's types. */
export const TYPESCRIPT: Tool = { name: "tsc", from: "typescript@6.0.3", path: "bin/tsc" };
