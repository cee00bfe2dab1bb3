/** Spans for operations, or for batches of requests. @module */

import {
  type Attributes,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import type { BatchContext, CommandContext, ServerContext } from "../../channel_contexts.ts";
import { CHANNELS } from "../../observation.ts";
import type { Subscriptions } from "../subscriptions.ts";
import {
  batchAttributes,
  batchName,
  commandAttributes,
  errorAttributes,
  queryText,
  resultAttributes,
} from "./attributes.ts";
import { reportFault, SCOPE } from "./scope.ts";
import type { Settings } from "./settings.ts";

/** Makes spans of what channels say. */
export class Spans {
  readonly #settings: Settings;
  readonly #tracer: Tracer;
  /** Those that have not ended. */
  readonly #open = new Map<object, Span>();

  /** @param settings The options of `instrument`. */
  constructor(settings: Settings) {
    this.#settings = settings;
    this.#tracer = (settings.tracerProvider ?? trace.getTracerProvider()).getTracer(SCOPE);
  }

  /** Subscribes to the channel that the option `spans` names. */
  subscribe(subscriptions: Subscriptions): void {
    if (this.#settings.spans === "commands") {
      subscriptions.trace<CommandContext>(CHANNELS.command, {
        started: (context) => this.#start(context, context.command, commandAttributes(context)),
        ended: (context) => this.#endCommand(context),
      });
    }
    if (this.#settings.spans === "requests") {
      subscriptions.trace<BatchContext>(CHANNELS.batch, {
        started: (context) =>
          this.#start(context, nameOf(batchName(context), context), batchAttributes(context)),
        ended: (context) => this.#end(context, {}),
      });
    }
  }

  /** Ends the spans of what is still under way: nothing says when that ends. */
  stop(): void {
    for (const span of this.#open.values()) span.end();
    this.#open.clear();
  }

  #start(context: object, name: string, attributes: Attributes): void {
    // The parent is what is active where the operation was called.
    const span = this.#tracer.startSpan(name, {
      kind: SpanKind.CLIENT,
      attributes: { ...this.#settings.attributes, ...attributes },
    });
    this.#open.set(context, span);
  }

  #endCommand(context: CommandContext): void {
    const span = this.#open.get(context);
    if (span === undefined) return;
    const isRecording = span.isRecording();
    // A server is known only after its key has been looked up.
    if (isRecording) span.updateName(nameOf(context.command, context));
    this.#end(context, isRecording ? this.#resultOf(context) : {});
  }

  #resultOf(context: CommandContext): Attributes {
    const { keys } = this.#settings;
    const result = resultAttributes(context);
    if (keys === "omit") return result;
    const show = keys === "include" ? (key: string) => key : keys;
    try {
      return { ...result, "db.query.text": queryText(context, show) };
    } catch (error) {
      // The span is worth more than its text.
      reportFault(error);
      return result;
    }
  }

  #end(context: { error?: unknown }, attributes: Attributes): void {
    const span = this.#open.get(context);
    if (span === undefined) return;
    this.#open.delete(context);
    span.setAttributes(attributes);
    if ("error" in context) {
      const { error } = context;
      span.setAttributes(errorAttributes(error));
      const message = error instanceof Error ? error.message : String(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message });
    }
    span.end();
  }
}

/** The name of a span: the operation, and where it went if that is one place. */
function nameOf(operation: string, { serverAddress }: ServerContext): string {
  return serverAddress === undefined ? operation : `${operation} ${serverAddress}`;
}
