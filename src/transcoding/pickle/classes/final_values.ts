/** Values that take their final form only when all of them has been read. @module */

import { unreadable } from "../byte_source.ts";
import { isPlainObject } from "../dicts.ts";
import { Intermediate } from "../python_types.ts";
import type { ReadInstance, Unpickler } from "../unpickler.ts";

/** An instance of a class that the caller registered. */
export class Instance {
  readonly className: string;
  readonly parts: { args: readonly unknown[]; state: unknown; items: unknown[] };
  readonly #read: ReadInstance;
  #isDone = false;
  #value: unknown;

  constructor(className: string, args: readonly unknown[], read: ReadInstance) {
    this.className = className;
    this.parts = { args, state: undefined, items: [] };
    this.#read = read;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  get value(): unknown {
    return this.#value;
  }

  /** Runs what the caller registered, once. */
  finish(): void {
    const { args, state, items } = this.parts;
    try {
      this.#value = this.#read(args, state, items);
    } catch (cause) {
      throw unreadable(
        `the function for "${this.className}" in the option classes threw an error`,
        cause,
      );
    }
    if (this.#value === undefined) {
      throw unreadable(
        `the function for "${this.className}" in the option classes returned undefined`,
      );
    }
    this.#isDone = true;
  }

  /** Takes what belongs to it, unless it has its value: that of a key is needed at once. */
  grow(add: () => void): void {
    if (this.#isDone) {
      throw unreadable(`an instance of "${this.className}" changes after it was used as a key`);
    }
    add();
  }
}

/**
 * Makes a value final: instances become what the caller makes of them, innermost first, objects that became Maps
 * are replaced, and what must not be part of a value is refused. It has a stack of its own, as values are nested
 * to any depth, and looks at each object once.
 *
 * @param refused What becomes of something that is not plain data, in place of an error.
 * @returns The final value, and how many objects were looked at.
 */
export function makeFinal(
  root: unknown,
  { dicts }: Unpickler,
  refused: (part: Intermediate) => unknown,
): { value: unknown; size: number } {
  const states = new Map<object, "open" | "done">();
  const finalOf = (part: unknown): unknown => {
    const current = dicts.current(part);
    if (current instanceof Intermediate) return refused(current);
    if (!(current instanceof Instance)) return current;
    if (current.isDone) return current.value;
    throw unreadable(`an instance of "${current.className}" is a part of itself`);
  };
  const pending: unknown[] = [dicts.current(root)];
  while (pending.length > 0) {
    const top = pending.at(-1);
    const state = isNode(top) ? states.get(top) : "done";
    if (!isNode(top) || state === "done") pending.pop();
    else if (state === undefined) {
      states.set(top, "open");
      for (const part of partsOf(top)) {
        const current = dicts.current(part);
        if (isNode(current) && !states.has(current)) pending.push(current);
      }
    } else {
      states.set(top, "done");
      pending.pop();
      if (top instanceof Instance) finishInstance(top, finalOf);
      else replaceParts(top, finalOf);
    }
  }
  return { value: finalOf(root), size: states.size };
}

type Node = Instance | unknown[] | Map<unknown, unknown> | Record<string, unknown>;

/** Whether something may have parts that are not final. Keys, and so the items of sets, are. */
function isNode(value: unknown): value is Node {
  if (value instanceof Instance) return !value.isDone;
  return Array.isArray(value) || value instanceof Map || isPlainObject(value);
}

function* partsOf(node: Node): Generator<unknown> {
  if (node instanceof Instance) {
    yield* node.parts.args;
    yield node.parts.state;
    yield* node.parts.items;
  } else if (Array.isArray(node)) yield* node;
  else if (node instanceof Map) yield* node.values();
  else yield* Object.values(node);
}

function finishInstance(instance: Instance, finalOf: (part: unknown) => unknown): void {
  const { parts } = instance;
  parts.args = parts.args.map(finalOf);
  parts.state = finalOf(parts.state);
  parts.items = parts.items.map(finalOf);
  instance.finish();
}

function replaceParts(node: Exclude<Node, Instance>, finalOf: (part: unknown) => unknown): void {
  if (Array.isArray(node)) {
    for (let i = 0; i < node.length; i++) node[i] = finalOf(node[i]);
  } else if (node instanceof Map) {
    for (const [key, value] of node) node.set(key, finalOf(value));
  } else for (const key of Object.keys(node)) node[key] = finalOf(node[key]);
}
