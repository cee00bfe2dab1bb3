/** Resolves names through DNS on every runtime. @module */

import { SocketError } from "../errors.ts";
import { isWorker } from "./runtime.ts";
import { builtinModule } from "./runtime_features.ts";

/** An SRV record: a server of a service. */
export interface SrvRecord {
  /** The host name of the server. */
  readonly target: string;
  /** TCP port. */
  readonly port: number;
  /** Servers with the lowest number are used; the others are backups. */
  readonly priority: number;
  /** The server's weight relative to others of its priority; 0 means almost none. */
  readonly weight: number;
}

/** The types of DNS records that are used. */
export type DnsRecordType = "A" | "AAAA" | "SRV";

/**
 * Looks up DNS records.
 *
 * @param name The name to look up.
 * @param type The type of records.
 * @param signal Aborts the look-up.
 * @returns IP addresses for `"A"` and `"AAAA"`, {@linkcode SrvRecord}s for `"SRV"`; an empty list when there are none.
 */
export type ResolveDns = (
  name: string,
  type: DnsRecordType,
  signal: AbortSignal,
) => Promise<readonly (string | SrvRecord)[]>;

/** The part of `node:dns` that is used here. */
interface NodeDns {
  readonly promises: {
    readonly Resolver: new () => NodeResolver;
  };
}

interface NodeResolver {
  resolve4(name: string): Promise<string[]>;
  resolve6(name: string): Promise<string[]>;
  resolveSrv(
    name: string,
  ): Promise<{ name: string; port: number; priority: number; weight: number }[]>;
  cancel(): void;
}

/** Node's error codes for a name that does not exist, and for one without such a record. */
const NOT_FOUND = ["ENOTFOUND", "ENODATA"];

/**
 * Looks up records with the runtime's resolver. A name that does not exist has no records. On Deno, neither has a name
 * whose name server has failed: `Deno.resolveDns` throws the same error for both.
 *
 * @throws {SocketError} When the runtime has no resolver.
 * @throws The runtime's error when there is no answer.
 */
export const resolveDns: ResolveDns = async (name, type, signal) => {
  try {
    return typeof globalThis.Deno?.resolveDns === "function"
      ? await Deno.resolveDns(name, type as "A", { signal }) as (string | SrvRecord)[]
      : await resolveNode(name, type, signal);
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
};

async function resolveNode(
  name: string,
  type: DnsRecordType,
  signal: AbortSignal,
): Promise<(string | SrvRecord)[]> {
  const { promises: { Resolver } } = await loadDns();
  const resolver = new Resolver();
  // Workers throw that this is not implemented. Their look-ups end by themselves.
  const cancel = () => isWorker() ? undefined : resolver.cancel();
  signal.throwIfAborted();
  signal.addEventListener("abort", cancel);
  try {
    if (type === "A") return (await resolver.resolve4(name)).filter(isAddress);
    if (type === "AAAA") return (await resolver.resolve6(name)).filter(isAddress);
    const records = await resolver.resolveSrv(name);
    return records.map(({ name, ...record }) => ({ ...record, target: name }));
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

/** On workers, the result also contains the names of a chain of aliases. */
function isAddress(text: string): boolean {
  return /^[\d.]+$|:/.test(text);
}

async function loadDns(): Promise<NodeDns> {
  try {
    return await builtinModule<NodeDns>("node:dns");
  } catch (cause) {
    throw new SocketError("this runtime has no DNS resolver: set the option resolve", { cause });
  }
}

function isNotFound(error: unknown): boolean {
  if (typeof globalThis.Deno?.resolveDns === "function") {
    return error instanceof Deno.errors.NotFound;
  }
  return error instanceof Error && NOT_FOUND.includes((error as { code?: string }).code ?? "");
}
