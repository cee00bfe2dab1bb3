/** The events of a view of several fleets. @module */

/** An operation that failed in one fleet; dispatched as the event `"failure"`. */
export class ReplicaFailure extends Event {
  /** The fleet's number in the list, from 0 on. */
  readonly replica: number;
  /** The key of the operation that failed there. */
  readonly key: string;
  /** Whether a read or a write has failed. A failed write is repaired later: see {@linkcode replicas}. */
  readonly operation: "read" | "write";
  /** The error of the fleet. */
  readonly error: unknown;

  /** Makes the event. */
  constructor(
    failure: { replica: number; key: string; operation: "read" | "write"; error: unknown },
  ) {
    super("failure");
    this.replica = failure.replica;
    this.key = failure.key;
    this.operation = failure.operation;
    this.error = failure.error;
  }
}

/** What dispatches the events of {@linkcode replicas}: {@linkcode ReplicaFailure}, named `"failure"`. */
export class ReplicaEvents extends EventTarget {}
