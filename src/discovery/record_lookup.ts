/** The records of a name. @module */

import { SocketError } from "../errors.ts";
import type { DnsRecordType, ResolveDns } from "../transport/resolve_dns.ts";

type Records = Awaited<ReturnType<ResolveDns>>;

/** What there was of a type when there was any. */
interface Known {
  readonly records: Records;
  /** How often there have been none since. */
  absences: number;
}

/** How often records that there were have to be missing before that is believed. */
const ABSENCES = 3;

/**
 * Asks for the records of a name again and again. Beside those of other types, a type that cannot be had keeps
 * the records that it had: servers that leave the list because of a failure take their keys with them.
 */
export class RecordLookup {
  readonly #types: readonly DnsRecordType[];
  readonly #ask: (type: DnsRecordType, signal: AbortSignal) => Promise<Records>;
  readonly #known = new Map<DnsRecordType, Known>();

  constructor(name: string, types: readonly DnsRecordType[], resolve: ResolveDns) {
    this.#types = types;
    this.#ask = async (type, signal) => await resolve(name, type, signal);
  }

  /**
   * Asks once.
   *
   * @returns The records of all types.
   * @throws {SocketError} When there are none.
   * @throws What the resolver throws, when there are none of the types that it can get either.
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

  /** The records to go by; `undefined` are those that cannot be had. */
  #completed(type: DnsRecordType, found: Records | undefined): Records {
    if (found !== undefined && found.length > 0) {
      this.#known.set(type, { records: found, absences: 0 });
      return found;
    }
    const known = this.#known.get(type);
    if (known === undefined) return [];
    // Deno's resolver says that there are none where the name server says that it has failed.
    if (found === undefined || ++known.absences < ABSENCES) return known.records;
    this.#known.delete(type);
    return [];
  }
}
