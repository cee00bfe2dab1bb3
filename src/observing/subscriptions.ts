/** Subscribing to the channels of clients, on each runtime. @module */

/** The part of `node:diagnostics_channel` that is used here. */
interface Diagnostics {
  channel(name: string): unknown;
  subscribe(name: string, listener: (message: unknown) => void): void;
  unsubscribe(name: string, listener: (message: unknown) => void): void;
}

interface Global {
  readonly process?: { getBuiltinModule?(name: string): Diagnostics | undefined };
}

/** What listens to a tracing channel. */
export interface Listeners<Context> {
  /** The operation begins, in the async context of its caller. */
  started?(context: Context): void;
  /** The operation has ended. `error` is a property of the context if it has failed. */
  ended?(context: Context): void;
}

/** The channels that are listened to: Bun 1.4 forgets a channel that is not kept, and its subscribers with it. */
const held = new Set<unknown>();

/** What this runtime has of `node:diagnostics_channel`; on Cloudflare Workers it needs `nodejs_compat`. */
function findDiagnostics(): Diagnostics | undefined {
  return (globalThis as unknown as Global).process?.getBuiltinModule?.("node:diagnostics_channel");
}

/** Subscriptions, which end together. */
export class Subscriptions implements Disposable {
  readonly #diagnostics: Diagnostics | undefined = findDiagnostics();
  readonly #failed: (error: unknown) => void;
  readonly #ends: (() => void)[] = [];

  /**
   * Makes a list without subscriptions.
   *
   * @param failed Gets what a listener throws: it would end the process otherwise.
   */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** Whether this runtime has channels. */
  get areThere(): boolean {
    return this.#diagnostics !== undefined;
  }

  /** Listens to a tracing channel. */
  trace<Context>(name: string, { started, ended }: Listeners<Context>): void {
    if (started !== undefined) this.listen(`tracing:${name}:start`, started);
    if (ended !== undefined) this.listen(`tracing:${name}:asyncEnd`, ended);
  }

  /** Listens to a plain channel. */
  listen<Context>(name: string, listener: (context: Context) => void): void {
    const heard = (message: unknown) => {
      try {
        listener(message as Context);
      } catch (error) {
        this.#failed(error);
      }
    };
    held.add(this.#diagnostics?.channel(name));
    this.#diagnostics?.subscribe(name, heard);
    this.#ends.push(() => this.#diagnostics?.unsubscribe(name, heard));
  }

  /** Ends them. */
  [Symbol.dispose](): void {
    for (const end of this.#ends.splice(0)) end();
  }
}
