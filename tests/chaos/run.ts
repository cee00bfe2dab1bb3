/**
 * `deno task chaos --minutes N [--seed S]`: the chaos, the fuzzing and the recoveries of the tests,
 * for as long as they are told.
 */
