/** Asking the domain name system on whatever runtime this is. @module */

import { SocketError } from "../errors.ts";
import { isWorker } from "./runtime.ts";
import { builtinModule } from "./runtime_features.ts";

/** A server of a service, as an SRV record has it. */
export interface SrvRecord {
  /** Host name of the server. */
  readonly target: string;
  /** TCP port. */
  readonly port: number;
  /** Servers of the lowest number are used, the others while those fail. */
  readonly priority: number;
  /** The server's share relative to others of its priority, 0 for next to nothing. */
  readonly weight: number;
}

/** What there is to ask for. */
export type DnsRecordType = "A" | "AAAA" | "SRV";

/**
 * Asks the domain name system.
 *
 * @param name Whom to ask about.
 * @param type What to ask for.
 * @param signal Gives the question up.
 * @returns IP addresses for `"A"` and `"AAAA"`, {@linkcode SrvRecord}s for `"SRV"`; an empty list where there
 * are none.
 */
export type ResolveDns = (
  name: string,
  type: DnsRecordType,
  signal: AbortSignal,
) => Promise<readonly (string | SrvRecord)[]>;

/** As much of `node:dns` as is used here. */
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

/** What Node calls a name that does not exist, and one that has no such record. */
const NOT_FOUND = ["ENOTFOUND", "ENODATA"];

/**
 * Asks through the runtime's own resolver. A name that does not exist has no records; on Deno nor has one whose
 * name server answers that it has failed, which `Deno.resolveDns` throws the same error for.
 *
 * @throws {SocketError} When the runtime has no resolver.
 * @throws What the runtime throws when there is no answer.
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
  // Workers throw that they have not implemented it. What they ask comes to its end by itself.
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

/** Workers give the names along a chain of aliases as well. */
function isAddress(text: string): boolean {
  return /^[\d.]+$|:/.test(text);
}

async function loadDns(): Promise<NodeDns> {
  try {
    return await builtinModule<NodeDns>("node:dns");
  } catch (cause) {
    throw new SocketError("this runtime has no resolver, and needs the option resolve", { cause });
  }
}

function isNotFound(error: unknown): boolean {
  if (typeof globalThis.Deno?.resolveDns === "function") {
    return error instanceof Deno.errors.NotFound;
  }
  return error instanceof Error && NOT_FOUND.includes((error as { code?: string }).code ?? "");
}
