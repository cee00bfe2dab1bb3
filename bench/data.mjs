// @ts-check
/** The keys and values that every contender works with. @module */

import { Buffer } from "node:buffer";

/**
 * @import { Items } from "./adapter.ts"
 * @import { Workload } from "./workloads.ts"
 */

/**
 * Makes a workload's items.
 *
 * @param {Pick<Workload, "keys" | "value" | "byteLength">} workload
 * @param {number} slot The contender's number: each has keys of its own, all of the same length.
 * @returns {Items}
 */
export function makeItems({ keys, value, byteLength }, slot) {
  const indexes = Array.from({ length: keys }, (_, i) => i);
  return {
    keys: indexes.map((i) => `bench:${pad(slot, 2)}:${pad(i, 5)}`),
    values: indexes.map((i) => makeValue(value, byteLength, i)),
  };
}

/**
 * Tells whether a client has returned what it was given, at the price of a glance at bytes and records.
 *
 * @param {unknown} actual
 * @param {any} expected
 */
export function looksSame(actual, expected) {
  if (typeof expected === "string") return actual === expected;
  if (expected instanceof Uint8Array) {
    return actual instanceof Uint8Array && actual.length === expected.length &&
      actual[0] === expected[0] &&
      actual[actual.length - 1] === expected[expected.length - 1];
  }
  return /** @type {any} */ (actual)?.id === expected.id;
}

/**
 * Tells whether a client has returned what it was given.
 *
 * @param {unknown} actual
 * @param {any} expected
 */
export function isSame(actual, expected) {
  if (!looksSame(actual, expected)) return false;
  if (!(expected instanceof Uint8Array)) {
    return JSON.stringify(actual) === JSON.stringify(expected);
  }
  return Buffer.compare(/** @type {Uint8Array} */ (actual), expected) === 0;
}

/** @type {(value: Workload["value"], byteLength: number, i: number) => unknown} */
function makeValue(value, byteLength, i) {
  if (value === "text") {
    return `The value of key ${i}. `.padEnd(byteLength, "moecache ");
  }
  return value === "bytes" ? randomBytes(byteLength, i + 1) : makeRecord(i);
}

/**
 * Bytes without a pattern, the same in every process (xorshift32).
 *
 * @param {number} byteLength
 * @param {number} seed
 */
function randomBytes(byteLength, seed) {
  let state = Math.imul(seed, 0x9e3779b1);
  const bytes = new Uint8Array(byteLength);
  for (let i = 0; i < byteLength; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}

/** @param {number} id */
function makeRecord(id) {
  return {
    id,
    name: `User ${id}`,
    email: `user${id}@example.com`,
    city: "Zürich",
    street: "Bahnhofstrasse 1",
    country: "CH",
    phone: "+41 44 000 00 00",
    language: "de",
    born: 1980 + id % 40,
    logins: id * 17,
    balance: id + 0.25,
    latitude: 47.3769,
    longitude: 8.5417,
    active: true,
    verified: id % 2 === 0,
    manager: null,
    createdAt: "2024-02-29T12:00:00Z",
    updatedAt: "2025-06-01T08:30:00Z",
    theme: "dark",
    notes: "Prefers to be written to rather than called.",
  };
}

/** @type {(number: number, digits: number) => string} */
function pad(number, digits) {
  return `${number}`.padStart(digits, "0");
}
