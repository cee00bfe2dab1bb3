/** The version of the package. @module */

/** As in `deno.json`, which a bundle does not contain; a test compares them. */
export const VERSION = "0.1.0";
