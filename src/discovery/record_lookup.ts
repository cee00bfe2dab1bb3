/** Looks up the DNS records of a name. @module */

import { SocketError } from "../errors.ts";
import type { DnsRecordType, ResolveDns } from "../transport/resolve_dns.ts";

type Records = Awaited<ReturnType<ResolveDns>>;

/** The last records of a type. */
interface Known {
  readonly records: Records;
  /** How many look-ups have found none since. */
  absences: number;
}

/** How many look-ups must find no records before the old ones are dropped. */
const ABSENCES = 3;

/**
 * Looks up the records of a name again and again. If one type fails and another does not, the failed type keeps its
 * last records: removing servers because of a DNS failure would move their keys.
 */
export class RecordLookup {
  readonly #types: readonly DnsRecordType[];
  readonly #ask: (type: DnsRecordType, signal: AbortSignal) => Promise<Records>;
  readonly #known = new Map<DnsRecordType, Known>();

  constructor(name: string, types: readonly DnsRecordType[], resolve: ResolveDns) {
    this.#types = types;
    this.#ask = async (type, signal) => {
      const records: unknown = await resolve(name, type, signal);
      if (Array.isArray(records)) return records;
      throw new SocketError("resolve returned no list of records");
    };
  }

  /**
   * Looks up the records once.
   *
   * @returns The records of all types.
   * @throws {SocketError} When there are none.
   * @throws The resolver's error, when a type fails and the others have no records.
   */
  async lookUp(signal: AbortSignal): Promise<Records> {
    const types = this.#types;
    const answers = await Promise.allSettled(types.map((type) => this.#ask(type, signal)));
    signal.throwIfAborted();
    const found = answers.map((each) => each.status === "fulfilled" ? each.value : undefined);
    if (found.some((records = []) => records.length > 0)) {
      return types.flatMap((type, i) => this.#completed(type, found[i]));
    }
    for (const answer of answers) if (answer.status === "rejected") throw answer.reason;
    throw new SocketError(`it has no ${types.join(" or ")} records`);
  }

  /** The records to use for a type; `found` is `undefined` when the look-up failed. */
  #completed(type: DnsRecordType, found: Records | undefined): Records {
    if (found !== undefined && found.length > 0) {
      this.#known.set(type, { records: found, absences: 0 });
      return found;
    }
    const known = this.#known.get(type);
    if (known === undefined) return [];
    // Deno's resolver reports no records also when the name server has failed.
    if (found === undefined || ++known.absences < ABSENCES) return known.records;
    this.#known.delete(type);
    return [];
  }
}
