/**
 * Working with bytes: a stand-in for the part of `jsr:@std/bytes` that this repository uses, for
 * machines that cannot reach JSR.
 *
 * @module
 */

export * from "./concat.ts";
export * from "./copy.ts";
export * from "./ends_with.ts";
export * from "./equals.ts";
export * from "./includes_needle.ts";
export * from "./index_of_needle.ts";
export * from "./starts_with.ts";
