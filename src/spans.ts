/** Spans of time, in seconds. @module */

import { quote, ValidationException } from "./errors.ts";

/** What memcached takes for a span, and not for a time: 30 days. */
const LONGEST_SPAN = 60 * 60 * 24 * 30;

/** Checks a number of whole seconds that memcached takes for a span of time. */
export function checkSpan(name: string, value: unknown, least: 0 | 1): number {
  if (Number.isInteger(value) && isWithin(value, least)) return value as number;
  throw refusal(name, value, `an integer from ${least} to ${LONGEST_SPAN}`);
}

/** Checks a number of seconds that the client itself waits. */
export function checkWaitFor(value: unknown): number {
  if (typeof value === "number" && isWithin(value, 0)) return value;
  throw refusal("waitFor", value, `a number from 0 to ${LONGEST_SPAN}`);
}

function isWithin(value: unknown, least: number): boolean {
  return value as number >= least && value as number <= LONGEST_SPAN;
}

function refusal(name: string, value: unknown, expected: string): ValidationException {
  const shown = typeof value === "number" ? `${value}` : quote(value);
  return new ValidationException(`Cannot use ${name} ${shown}: it must be ${expected}`, value);
}
