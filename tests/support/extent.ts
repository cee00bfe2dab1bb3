/** How much a test does. @module */

/** The environment variable that `deno task test:all` sets to `full`. */
export const EXTENT = "TEST_EXTENT";

/**
 * Chooses between the two forms of a test that can do any number of cases.
 *
 * @param few How many `deno task test` and a bare `deno test` take.
 * @param full How many `deno task test:all` takes.
 * @returns The number to take now.
 */
export function extent(few: number, full: number): number {
  return Deno.env.get(EXTENT) === "full" ? full : few;
}
