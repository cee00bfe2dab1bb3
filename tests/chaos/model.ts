/**
 * The judge of a round. It knows when each operation began and ended, when a server was
 * empty, and on which connections replies were shifted, and says of each answer whether memcached can
 * have given it to that operation.
 *
 * A key has, at each moment, one version, or is absent. Each *change* of it takes effect
 * within a span:
 *
 * - a set or delete that was answered: between its call and its answer;
 * - one that failed (an error, a timeout, an abort, a close): from its call on, at any time or never. A
 *   stalled network may well deliver it after later ones that went over another connection;
 * - but a request is sent once, so a version that was read has taken effect by then;
 * - the beginning, and a server that is killed and comes back: absent.
 *
 * Each answer is *evidence* of what the key was at some moment of its span. A version that was
 * read must be that of a change which had begun, and which was not overwritten for certain before the
 * read began: by evidence of something else, whose span lies after the change and before the read. A
 * miss is judged alike, absence being one more version.
 *
 * What cannot be judged, and why: replies in memcached's text protocol carry no id. Once a whole
 * reply has been dropped or sent twice, the replies that follow on this connection are each read as
 * another's as long as their shapes fit: a miss for a miss, `STORED` for `STORED`, a value for another `get` of the
 * same key. Answers to requests that were in flight on such a connection from then on, and only they, are no
 * evidence, and are counted apart when they would be wrong. Even they must never be a value of
 * another key, half a value, or one that was never stored: every value carries its key.
 *
 * @module
 */

import { ABSENT, type Operation, type Restart, type Span } from "./history.ts";
import type { Request } from "./journal.ts";

/** Milliseconds by which the clocks of two threads may differ. */
const CLOCK_TOLERANCE = 2;

/** What else the judge has to know. */
export interface Circumstances {
  readonly restarts: readonly Restart[];
  /** The requests whose replies may be another's. */
  readonly shifted: readonly Request[];
  /** Which server holds a key. */
  readonly serverOf: (key: string) => number;
}

/** The judgement. */
export interface Verdict {
  /** An account of each answer that cannot be. */
  readonly wrong: readonly string[];
  /** How many answers would be wrong had their replies not been shifted. */
  readonly indistinguishable: number;
}

/** Something a key became, or was seen to be. */
interface State extends Span {
  readonly version: number;
  /** What made it so, where that was an operation. */
  readonly by?: Operation;
}

/** Judges all operations of a round. */
export function judge(operations: readonly Operation[], circumstances: Circumstances): Verdict {
  const { restarts, shifted, serverOf } = circumstances;
  const requests = Map.groupBy(
    shifted.flatMap((request) => request.keys.map((key) => ({ ...request, key }))),
    ({ key }) => key,
  );
  const wrong: string[] = [];
  let indistinguishable = 0;
  for (const [key, all] of Map.groupBy(operations, ({ key }) => key)) {
    const emptied = restarts.filter(({ server }) => server === serverOf(key));
    const record = new KeyRecord(all, emptied, requests.get(key) ?? []);
    wrong.push(...record.wrong);
    indistinguishable += record.indistinguishable;
  }
  return { wrong, indistinguishable };
}

/** All that is known of one key. */
class KeyRecord {
  readonly wrong: string[] = [];
  indistinguishable = 0;
  readonly #shifted: ReadonlySet<Operation>;
  readonly #changes: readonly State[];
  readonly #evidence: readonly State[];

  constructor(
    operations: readonly Operation[],
    emptied: readonly Span[],
    shifted: readonly Request[],
  ) {
    this.#shifted = new Set(operations.filter((operation) => isShifted(operation, shifted)));
    const restarts = emptied.map((span) => ({ ...span, version: ABSENT }));
    const reliable = operations.filter((operation) => !this.#shifted.has(operation));
    const answered = reliable.filter(({ outcome }) => outcome === "answered");
    this.#evidence = [...answered.flatMap(seenBy), ...restarts];
    this.#changes = [
      { version: ABSENT, start: -Infinity, end: -Infinity },
      ...operations.flatMap((operation) => this.#changeBy(operation, answered)),
      ...restarts,
    ];
    for (const operation of operations) this.#judge(operation);
  }

  /** When a set or delete took effect. */
  #changeBy(operation: Operation, answered: readonly Operation[]): State[] {
    const { command, start, outcome } = operation;
    if (command === "get" || outcome === "unsent") return [];
    const isCertain = outcome === "answered" && !this.#shifted.has(operation);
    const end = isCertain ? operation.end : Infinity;
    if (command === "delete") return [{ version: ABSENT, start, end, by: operation }];
    const version = operation.version!;
    const reads = answered.filter((other) => other.command === "get" && other.version === version);
    return [{ version, start, end: Math.min(end, ...reads.map((read) => read.end)) }];
  }

  #judge(operation: Operation): void {
    if (operation.outcome !== "answered") return;
    const fault = this.#faultOf(operation);
    if (fault === undefined) return;
    const isForeign = operation.command === "get" && operation.version === undefined;
    if (this.#shifted.has(operation) && !isForeign) this.indistinguishable++;
    else this.wrong.push(`${operation.command} ${operation.key}: ${fault}`);
  }

  #faultOf(operation: Operation): string | undefined {
    const { command, version, existed } = operation;
    if (command === "set") return undefined;
    if (command === "delete") {
      if (!existed) return this.#canBe(operation, ABSENT) ? undefined : "false, but it existed";
      return this.#canExist(operation) ? undefined : "true, but it did not exist";
    }
    if (version === undefined) return "a value that was never stored under this key";
    if (this.#canBe(operation, version)) return undefined;
    if (version === ABSENT) return "a miss, but it existed";
    return `version ${version}, which had been overwritten, or not been stored`;
  }

  #canExist(operation: Operation): boolean {
    return this.#changes.some((change) =>
      change.version !== ABSENT && this.#isCurrent(change, operation)
    );
  }

  #canBe(operation: Operation, version: number): boolean {
    return this.#changes.some((change) =>
      change.version === version && this.#isCurrent(change, operation)
    );
  }

  /** Whether an operation can have found the key as a change had left it. */
  #isCurrent(change: State, operation: Operation): boolean {
    const { start, end } = operation;
    if (change.start > end || change.by === operation) return false;
    return !this.#evidence.some((seen) =>
      seen.version !== change.version && seen.start >= change.end && seen.end <= start
    );
  }
}

/** What an answered operation proves its key to have been. */
function seenBy({ command, version, start, end }: Operation): State[] {
  if (command === "delete") return [{ version: ABSENT, start, end }];
  return version === undefined ? [] : [{ version, start, end }];
}

function isShifted(operation: Operation, shifted: readonly Request[]): boolean {
  const { command, version, startedAt, settledAt } = operation;
  return shifted.some((request) => {
    if (request.command !== command) return false;
    if (command === "set") return request.version === version;
    // A doubled reply may have answered it before the proxy read it.
    const { since, at } = request;
    return at >= startedAt - CLOCK_TOLERANCE && since <= settledAt + CLOCK_TOLERANCE;
  });
}
