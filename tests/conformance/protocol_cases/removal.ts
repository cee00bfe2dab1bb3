/** `delete` and `flush_all`. */

import type { Exchange } from "../protocol_conformance.ts";

const LONGEST_KEY = "k".repeat(250);

/** `delete` and `flush_all`. */
export const removalExchanges: readonly Exchange[] = [
  {
    name: "delete removes an existing item",
    send: "set a 0 0 1\r\nx\r\ndelete a\r\nget a\r\n",
    expect: "STORED\r\nDELETED\r\nEND\r\n",
  },
  {
    name: "delete answers NOT_FOUND for a key that does not exist",
    send: "delete a\r\n",
    expect: "NOT_FOUND\r\n",
  },
  {
    name: "delete takes a time of 0",
    send: "set a 0 0 1\r\nx\r\ndelete a 0\r\n",
    expect: "STORED\r\nDELETED\r\n",
  },
  {
    name: "delete refuses any other time",
    send: "delete a 1\r\n",
    expect: "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n",
    later: "NOT_FOUND\r\n",
  },
  {
    name: "delete refuses a time of 00",
    send: "delete a 00\r\n",
    expect: "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n",
    later: "NOT_FOUND\r\n",
  },
  {
    name: "delete sends nothing with noreply",
    send: "set a 0 0 1\r\nx\r\ndelete a noreply\r\nget a\r\n",
    expect: "STORED\r\nEND\r\n",
  },
  {
    name: "delete says nothing with a time of 0 and noreply",
    send: "set a 0 0 1\r\nx\r\ndelete a 0 noreply\r\nget a\r\n",
    expect: "STORED\r\nEND\r\n",
  },
  {
    name: "delete refuses a word after noreply",
    send: "delete a noreply 0\r\n",
    expect: "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n",
    later: "NOT_FOUND\r\n",
  },
  {
    name: "delete answers nothing to a bad time with noreply",
    send: "delete a 1 noreply\r\n",
    expect: "",
  },
  {
    name: "delete treats noreply as a key when it is the only one",
    send: "set noreply 0 0 1\r\nx\r\ndelete noreply\r\n",
    expect: "STORED\r\nDELETED\r\n",
    later: "STORED\r\n",
  },
  {
    name: "delete answers ERROR without a key",
    send: "delete\r\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "delete answers ERROR with too many tokens",
    send: "delete a 0 noreply more\r\n",
    expect: "ERROR\r\n",
    later: "NOT_FOUND\r\n",
  },
  {
    name: "delete refuses a key of 251 bytes",
    send: `delete ${LONGEST_KEY}k\r\n`,
    expect: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "flush_all removes everything",
    send: "set a 0 0 1\r\nx\r\nflush_all\r\nget a\r\n",
    expect: "STORED\r\nOK\r\nEND\r\n",
  },
  {
    name: "flush_all keeps what is stored after it",
    send: "flush_all\r\nset a 0 0 1\r\nx\r\nget a\r\n",
    expect: "OK\r\nSTORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "flush_all takes a delay of 0",
    send: "set a 0 0 1\r\nx\r\nflush_all 0\r\nget a\r\n",
    expect: "STORED\r\nOK\r\nEND\r\n",
  },
  {
    name: "flush_all treats a negative delay as no delay",
    send: "set a 0 0 1\r\nx\r\nflush_all -1\r\nget a\r\n",
    expect: "STORED\r\nOK\r\nEND\r\n",
  },
  {
    name: "flush_all leaves everything for as long as its delay says",
    send: "set a 0 0 1\r\nx\r\nflush_all 100\r\nget a\r\n",
    expect: "STORED\r\nOK\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "flush_all at a time before the server started removes nothing",
    send: "set a 0 0 1\r\nx\r\nflush_all 2592001\r\nget a\r\n",
    expect: "STORED\r\nOK\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "flush_all takes the place of one that is still to come",
    send: "flush_all 100\r\nset a 0 0 1\r\nx\r\nflush_all\r\nget a\r\n",
    expect: "OK\r\nSTORED\r\nOK\r\nEND\r\n",
  },
  {
    name: "flush_all sends nothing with noreply",
    send: "set a 0 0 1\r\nx\r\nflush_all noreply\r\nget a\r\n",
    expect: "STORED\r\nEND\r\n",
  },
  {
    name: "flush_all says nothing with a delay and noreply",
    send: "set a 0 0 1\r\nx\r\nflush_all 0 noreply\r\nget a\r\n",
    expect: "STORED\r\nEND\r\n",
  },
  {
    name: "flush_all refuses a delay that is not a number",
    send: "flush_all x\r\n",
    expect: "CLIENT_ERROR invalid exptime argument\r\n",
  },
  {
    name: "flush_all answers nothing to a bad delay with noreply",
    send: "flush_all x noreply\r\n",
    expect: "",
  },
  {
    name: "flush_all ignores any last token except noreply",
    send: "flush_all 0 more\r\n",
    expect: "OK\r\n",
  },
  {
    name: "flush_all answers ERROR with too many tokens",
    send: "flush_all 0 noreply more\r\n",
    expect: "ERROR\r\n",
    later: "OK\r\n",
  },
];
