/** Exptimes and `touch`. */

import type { Exchange } from "../protocol_conformance.ts";

const LONGEST_KEY = "k".repeat(250);

function tomorrow(): number {
  return Math.floor(Date.now() / 1000) + 24 * 60 * 60;
}

/** Exptimes and `touch`. */
export const expiryExchanges: readonly Exchange[] = [
  {
    name: "an item with a negative exptime is stored and has expired",
    send: "set a 0 -1 1\r\nx\r\nget a\r\n",
    expect: "STORED\r\nEND\r\n",
  },
  {
    name: "add stores over what has expired",
    send: "set a 0 -1 1\r\nx\r\nadd a 0 0 1\r\ny\r\nget a\r\n",
    expect: "STORED\r\nSTORED\r\nVALUE a 0 1\r\ny\r\nEND\r\n",
  },
  {
    name: "replace stores nothing over what has expired",
    send: "set a 0 -1 1\r\nx\r\nreplace a 0 0 1\r\ny\r\n",
    expect: "STORED\r\nNOT_STORED\r\n",
  },
  {
    name: "delete does not find what has expired",
    send: "set a 0 -1 1\r\nx\r\ndelete a\r\n",
    expect: "STORED\r\nNOT_FOUND\r\n",
  },
  {
    name: "an exptime of 30 days is a span",
    send: "set a 0 2592000 1\r\nx\r\nget a\r\n",
    expect: "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "an exptime of more than 30 days is a time, which has passed",
    send: "set a 0 2592001 1\r\nx\r\nget a\r\n",
    expect: "STORED\r\nEND\r\n",
  },
  {
    name: "an exptime may be a time to come",
    send: `set a 0 ${tomorrow()} 1\r\nx\r\nget a\r\n`,
    expect: "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "an exptime keeps 32 bits, and the highest makes it negative",
    send: "set a 0 2147483648 1\r\nx\r\nget a\r\n",
    expect: "STORED\r\nEND\r\n",
  },
  {
    name: "an exptime of 2^32 is invalid",
    send: "set a 0 4294967296 1\r\nx\r\nget a\r\n",
    expect: "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "touch answers TOUCHED for a key that exists",
    send: "set a 0 0 1\r\nx\r\ntouch a 100\r\nget a\r\n",
    expect: "STORED\r\nTOUCHED\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "touch answers NOT_FOUND for a key that does not exist",
    send: "touch a 100\r\n",
    expect: "NOT_FOUND\r\n",
  },
  {
    name: "touch lets an item expire",
    send: "set a 0 0 1\r\nx\r\ntouch a -1\r\nget a\r\n",
    expect: "STORED\r\nTOUCHED\r\nEND\r\n",
  },
  {
    name: "touch sends nothing with noreply",
    send: "set a 0 0 1\r\nx\r\ntouch a -1 noreply\r\nget a\r\n",
    expect: "STORED\r\nEND\r\n",
  },
  {
    name: "touch ignores any last token except noreply",
    send: "touch a 100 more\r\n",
    expect: "NOT_FOUND\r\n",
  },
  {
    name: "touch answers ERROR without an exptime",
    send: "touch a\r\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "touch answers ERROR with too many tokens",
    send: "touch a 100 noreply more\r\n",
    expect: "ERROR\r\n",
    later: "NOT_FOUND\r\n",
  },
  {
    name: "touch refuses an exptime that is not a number",
    send: "touch a x\r\n",
    expect: "CLIENT_ERROR invalid exptime argument\r\n",
  },
  {
    name: "touch answers nothing when noreply is in the place of its exptime",
    send: "touch a noreply\r\n",
    expect: "",
  },
  {
    name: "touch refuses a key of 251 bytes",
    send: `touch ${LONGEST_KEY}k 100\r\n`,
    expect: "CLIENT_ERROR bad command line format\r\n",
  },
];
