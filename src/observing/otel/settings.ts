/** The options of `instrument`, checked. @module */

import type { Attributes, MeterProvider, TracerProvider } from "@opentelemetry/api";
import { checkBoolean, checkChoice, checkNames, invalidOption } from "../../option_checks.ts";
import type { InstrumentOptions } from "./options.ts";

/** The options, with defaults. */
export interface Settings {
  readonly spans: "commands" | "requests" | "none";
  readonly keys: "omit" | "include" | ((key: string) => string);
  readonly metrics: boolean;
  readonly attributes: Attributes;
  readonly tracerProvider: TracerProvider | undefined;
  readonly meterProvider: MeterProvider | undefined;
}

const NAMES = ["spans", "keys", "metrics", "attributes", "tracerProvider", "meterProvider"];

/**
 * Checks the options.
 *
 * @throws {ValidationException} When one is unknown or invalid.
 */
export function checkSettings(options: InstrumentOptions): Settings {
  checkNames(options, NAMES);
  const { spans = "commands", keys = "omit", metrics = true, attributes = {} } = options;
  const { tracerProvider, meterProvider } = options;
  checkChoice("spans", spans, ["commands", "requests", "none"]);
  if (typeof keys !== "function") checkChoice("keys", keys, ["omit", "include"]);
  checkBoolean("metrics", metrics);
  if (typeof attributes !== "object" || attributes === null || Symbol.iterator in attributes) {
    throw invalidOption("attributes", attributes, "a plain object");
  }
  checkProvider("tracerProvider", tracerProvider, "getTracer");
  checkProvider("meterProvider", meterProvider, "getMeter");
  return {
    ...{ spans, keys, metrics },
    attributes: attributes as Attributes,
    // The public options refer to no types of another package.
    tracerProvider: tracerProvider as TracerProvider | undefined,
    meterProvider: meterProvider as MeterProvider | undefined,
  };
}

function checkProvider(name: string, provider: object | undefined, method: string): void {
  if (provider === undefined) return;
  if (typeof (Object(provider) as Record<string, unknown>)[method] === "function") return;
  throw invalidOption(name, provider, `an object with the method ${method}`);
}
