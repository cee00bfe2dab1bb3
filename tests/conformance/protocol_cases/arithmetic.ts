/** `incr` and `decr`. */

import type { Exchange } from "../protocol_conformance.ts";

const LONGEST_KEY = "k".repeat(250);

/** `incr` and `decr`. */
export const arithmeticExchanges: readonly Exchange[] = [
  {
    name: "incr answers and stores the sum",
    send: ["set a 0 0 2\r\n10\r\n", "incr a 5\r\nget a\r\n"],
    expect: "STORED\r\n15\r\nVALUE a 0 2\r\n15\r\nEND\r\n",
  },
  {
    name: "incr keeps the flags",
    send: ["set a 7 0 1\r\n9\r\n", "incr a 1\r\nget a\r\n"],
    expect: "STORED\r\n10\r\nVALUE a 7 2\r\n10\r\nEND\r\n",
  },
  {
    name: "incr keeps the exptime",
    send: "set a 0 -1 1\r\n1\r\nincr a 1\r\n",
    expect: "STORED\r\nNOT_FOUND\r\n",
  },
  {
    name: "incr wraps around at 2^64",
    send: ["set a 0 0 20\r\n18446744073709551615\r\n", "incr a 1\r\nget a\r\n"],
    expect: "STORED\r\n0\r\nVALUE a 0 20\r\n0                   \r\nEND\r\n",
  },
  {
    name: "incr takes a delta of 2^64 - 1",
    send: "set a 0 0 2\r\n10\r\nincr a 18446744073709551615\r\n",
    expect: "STORED\r\n9\r\n",
  },
  {
    name: "incr refuses a delta of 2^64",
    send: "set a 0 0 2\r\n10\r\nincr a 18446744073709551616\r\n",
    expect: "STORED\r\nCLIENT_ERROR invalid numeric delta argument\r\n",
  },
  {
    name: "incr refuses a negative delta",
    send: "set a 0 0 2\r\n10\r\nincr a -1\r\n",
    expect: "STORED\r\nCLIENT_ERROR invalid numeric delta argument\r\n",
  },
  {
    name: "incr takes a delta with a sign",
    send: "set a 0 0 2\r\n10\r\nincr a +1\r\n",
    expect: "STORED\r\n11\r\n",
    later: "STORED\r\nCLIENT_ERROR invalid numeric delta argument\r\n",
  },
  {
    name: "incr refuses a delta that is not a number",
    send: "incr a x\r\n",
    expect: "CLIENT_ERROR invalid numeric delta argument\r\n",
  },
  {
    name: "incr refuses a delta with letters after it",
    send: "incr a 1x\r\n",
    expect: "CLIENT_ERROR invalid numeric delta argument\r\n",
  },
  {
    name: "incr answers NOT_FOUND for a key that does not exist",
    send: "incr a 1\r\n",
    expect: "NOT_FOUND\r\n",
  },
  {
    name: "incr answers ERROR without a delta",
    send: "incr a\r\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "incr answers ERROR with too many tokens",
    send: "incr a 1 noreply more\r\n",
    expect: "ERROR\r\n",
    later: "NOT_FOUND\r\n",
  },
  {
    name: "incr sends nothing with noreply",
    send: "set a 0 0 1\r\n1\r\nincr a 1 noreply\r\nget a\r\n",
    expect: "STORED\r\nVALUE a 0 1\r\n2\r\nEND\r\n",
  },
  {
    name: "incr answers nothing to a bad delta with noreply",
    send: "incr a x noreply\r\n",
    expect: "",
  },
  {
    name: "incr refuses a key of 251 bytes",
    send: `incr ${LONGEST_KEY}k 1\r\n`,
    expect: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "incr refuses a value that is not a number",
    send: "set a 0 0 3\r\nabc\r\nincr a 1\r\n",
    expect: "STORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\n",
  },
  {
    name: "incr refuses an empty value",
    send: "set a 0 0 0\r\n\r\nincr a 1\r\n",
    expect: "STORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\n",
  },
  {
    name: "incr refuses a negative value",
    send: "set a 0 0 3\r\n-12\r\nincr a 1\r\n",
    expect: "STORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\n",
  },
  {
    name: "incr refuses a value with letters after it",
    send: "set a 0 0 3\r\n1a2\r\nincr a 1\r\n",
    expect: "STORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\n",
  },
  {
    name: "incr refuses a value of 2^64",
    send: "set a 0 0 20\r\n18446744073709551616\r\nincr a 1\r\n",
    expect: "STORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\n",
  },
  {
    name: "incr skips white space around a value and keeps its length",
    send: ["set a 0 0 4\r\n 12 \r\n", "incr a 1\r\nget a\r\n"],
    expect: "STORED\r\n13\r\nVALUE a 0 4\r\n13  \r\nEND\r\n",
  },
  {
    name: "incr skips zeros before a value and keeps its length",
    send: ["set a 0 0 5\r\n00012\r\n", "incr a 1\r\nget a\r\n"],
    expect: "STORED\r\n13\r\nVALUE a 0 5\r\n13   \r\nEND\r\n",
  },
  {
    name: "incr reads a value only up to a NUL",
    send: ["set a 0 0 4\r\n1\0ab\r\n", "incr a 1\r\nget a\r\n"],
    expect: "STORED\r\n2\r\nVALUE a 0 4\r\n2   \r\nEND\r\n",
  },
  {
    name: "incr takes a value with a sign",
    send: "set a 0 0 2\r\n+1\r\nincr a 1\r\n",
    expect: "STORED\r\n2\r\n",
  },
  {
    name: "incr lets a very negative value wrap",
    send: "set a 0 0 21\r\n-18446744073709551615\r\nincr a 1\r\n",
    expect: "STORED\r\n2\r\n",
  },
  {
    name: "incr gives the item a new CAS token",
    send: ["set a 0 0 1\r\n1\r\ngets a\r\n", "incr a 0\r\ngets a\r\n"],
    expect:
      /^STORED\r\nVALUE a 0 1 (\d+)\r\n1\r\nEND\r\n1\r\nVALUE a 0 1 (?!\1\r)\d+\r\n1\r\nEND\r\n$/,
  },
  {
    name: "decr answers and stores the difference",
    send: ["set a 0 0 2\r\n10\r\n", "decr a 3\r\n"],
    expect: "STORED\r\n7\r\n",
  },
  {
    name: "decr fills a shorter number up with spaces",
    send: ["set a 0 0 2\r\n10\r\n", "decr a 1\r\nget a\r\n"],
    expect: "STORED\r\n9\r\nVALUE a 0 2\r\n9 \r\nEND\r\n",
  },
  {
    name: "decr stops at 0",
    send: ["set a 0 0 2\r\n10\r\n", "decr a 100\r\nget a\r\n"],
    expect: "STORED\r\n0\r\nVALUE a 0 2\r\n0 \r\nEND\r\n",
  },
  {
    name: "decr answers NOT_FOUND for a key that does not exist",
    send: "decr a 1\r\n",
    expect: "NOT_FOUND\r\n",
  },
  {
    name: "decr refuses a delta that is not a number",
    send: "decr a x\r\n",
    expect: "CLIENT_ERROR invalid numeric delta argument\r\n",
  },
  {
    name: "decr refuses a value that is not a number",
    send: "set a 0 0 3\r\nabc\r\ndecr a 1\r\n",
    expect: "STORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\n",
  },
  {
    name: "decr answers ERROR without a delta",
    send: "decr a\r\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "decr refuses a key of 251 bytes",
    send: `decr ${LONGEST_KEY}k 1\r\n`,
    expect: "CLIENT_ERROR bad command line format\r\n",
  },
];
