/**
 * What the package's types need of a runtime: the runtime's own types where they are declared, by the DOM
 * library, by `@types/node` or otherwise, and as much of them as matters to this package where they are not.
 * The declarations of the package import from here whatever has a name of these.
 *
 * @module
 */

/// <reference lib="esnext.disposable" />

/** The instances of a class that the runtime may have. */
type Instance<Name extends string, Otherwise> = typeof globalThis extends
  Record<Name, { prototype: infer Type }> ? Type : Otherwise;

/** A class that the runtime may have. */
type Class<Name extends string, Otherwise> = typeof globalThis extends
  Record<Name, infer Type extends abstract new (...args: never) => object> ? Type : Otherwise;

export type AbortSignal = Instance<
  "AbortSignal",
  { readonly aborted: boolean; readonly reason: unknown }
>;
export type URL = Instance<"URL", { readonly href: string }>;
export type Request = Instance<"Request", { readonly method: string; readonly url: string }>;
export type Response = Instance<"Response", { readonly status: number }>;

export declare const Event: Class<"Event", new (type: string) => { readonly type: string }>;
export type Event = Instance<"Event", { readonly type: string }>;
export declare const EventTarget: Class<"EventTarget", new () => object>;
export type EventListenerOrEventListenerObject =
  | ((event: Event) => void)
  | { handleEvent(event: Event): void };
export interface AddEventListenerOptions {
  capture?: boolean;
  once?: boolean;
  passive?: boolean;
  signal?: AbortSignal;
}

export type BufferSource = ArrayBuffer | ArrayBufferView<ArrayBuffer>;

declare global {
  // A declaration of the runtime's adds what they have; only an interface can be added to like that, and
  // all declarations of one have to agree in their parameters.
  // deno-lint-ignore no-explicit-any no-empty-interface
  interface ReadableStream<R = any> {}
  // deno-lint-ignore no-explicit-any no-empty-interface
  interface WritableStream<W = any> {}
}
