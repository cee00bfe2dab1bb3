/** `get`, `gets`, `gat` and `gats`. */

import type { Exchange } from "../protocol_conformance.ts";

const LONGEST_KEY = "k".repeat(250);

function keys(count: number): string {
  return Array.from({ length: count }, (_, index) => `k${index}`).join(" ");
}

/** `get`, `gets`, `gat` and `gats`. */
export const retrievalExchanges: readonly Exchange[] = [
  {
    name: "get answers END for a key that does not exist",
    send: "get a\r\n",
    expect: "END\r\n",
  },
  {
    name: "get answers the value of a key that exists",
    send: "set a 0 0 1\r\nx\r\nget a\r\n",
    expect: "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "get answers an empty value",
    send: "set a 0 0 0\r\n\r\nget a\r\n",
    expect: "STORED\r\nVALUE a 0 0\r\n\r\nEND\r\n",
  },
  {
    name: "get answers the flags as they were stored",
    send: "set a 4294967295 0 1\r\nx\r\nget a\r\n",
    expect: "STORED\r\nVALUE a 4294967295 1\r\nx\r\nEND\r\n",
  },
  {
    name: "get answers several keys in the order they were asked for",
    send: "set a 0 0 1\r\nx\r\nset b 7 0 1\r\ny\r\nget b nope a b\r\n",
    expect:
      "STORED\r\nSTORED\r\nVALUE b 7 1\r\ny\r\nVALUE a 0 1\r\nx\r\nVALUE b 7 1\r\ny\r\nEND\r\n",
  },
  {
    name: "get answers ERROR without a key",
    send: "get\r\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "get skips spaces around its keys",
    send: "set a 0 0 1\r\nx\r\n  get   a   a  \r\n",
    expect: "STORED\r\nVALUE a 0 1\r\nx\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
    later: "STORED\r\nERROR\r\n",
  },
  {
    name: "get treats noreply as a key",
    send: "get noreply\r\n",
    expect: "END\r\n",
  },
  {
    name: "get treats a tab as part of the command's name",
    send: "get\ta\r\n",
    expect: "ERROR\r\n",
  },
  {
    name: "get treats a tab as part of a key",
    send: "set a\tb 0 0 1\r\nx\r\nget a\tb\r\n",
    expect: "STORED\r\nVALUE a\tb 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "get finds a key of 250 bytes",
    send: `set ${LONGEST_KEY} 0 0 1\r\nx\r\nget ${LONGEST_KEY}\r\n`,
    expect: `STORED\r\nVALUE ${LONGEST_KEY} 0 1\r\nx\r\nEND\r\n`,
  },
  {
    name: "get refuses a key of 251 bytes",
    send: `get ${LONGEST_KEY}k\r\n`,
    expect: "CLIENT_ERROR bad command line format\r\n",
    later: "CLIENT_ERROR bad command line format\r\n\r\n",
  },
  {
    name: "get answers nothing else when one of its keys is too long",
    send: ["set a 0 0 1\r\nx\r\n", `get a ${LONGEST_KEY}k a\r\n`],
    expect: "STORED\r\nCLIENT_ERROR bad command line format\r\n",
    later: "STORED\r\nCLIENT_ERROR bad command line format\r\n\r\n",
  },
  {
    name: "get finds a key of bytes that are not text",
    send: "set \xff\x80\xfe 0 0 1\r\nx\r\nget \xff\x80\xfe\r\n",
    expect: "STORED\r\nVALUE \xff\x80\xfe 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "get reads only up to a NUL",
    send: "set a 0 0 1\r\nx\r\nget a\0b a\r\n",
    expect: "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "get answers a value of any bytes",
    send: "set a 0 0 9\r\n\0\r\nEND\r\n\xff\r\nget a\r\n",
    expect: "STORED\r\nVALUE a 0 9\r\n\0\r\nEND\r\n\xff\r\nEND\r\n",
  },
  {
    name: "get takes more keys than memcached has tokens",
    send: `set k24 0 0 1\r\nx\r\nget ${keys(50)}\r\n`,
    expect: "STORED\r\nVALUE k24 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "get takes thousands of keys",
    send: `set k4999 0 0 1\r\nx\r\nget ${keys(5000)}\r\n`,
    expect: "STORED\r\nVALUE k4999 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "gets answers the CAS token as well",
    send: "set a 0 0 1\r\nx\r\ngets a\r\n",
    expect: /^STORED\r\nVALUE a 0 1 \d+\r\nx\r\nEND\r\n$/,
  },
  {
    name: "gets answers a new CAS token after every change",
    send: ["set a 0 0 1\r\nx\r\ngets a\r\n", "set a 0 0 1\r\nx\r\ngets a\r\n"],
    expect:
      /^STORED\r\nVALUE a 0 1 (\d+)\r\nx\r\nEND\r\nSTORED\r\nVALUE a 0 1 (?!\1\r)\d+\r\nx\r\nEND\r\n$/,
  },
  {
    name: "gets answers the same CAS token where touch came between",
    send: ["set a 0 0 1\r\nx\r\ngets a\r\n", "touch a 100\r\ngets a\r\n"],
    expect:
      /^STORED\r\nVALUE a 0 1 (\d+)\r\nx\r\nEND\r\nTOUCHED\r\nVALUE a 0 1 \1\r\nx\r\nEND\r\n$/,
  },
  {
    name: "gets answers ERROR without a key",
    send: "gets\r\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "gat answers the values of the keys that exist",
    send: "set a 0 0 1\r\nx\r\ngat 100 a nope a\r\n",
    expect: "STORED\r\nVALUE a 0 1\r\nx\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "gat lets an item expire",
    send: "set a 0 0 1\r\nx\r\ngat -1 a\r\nget a\r\n",
    expect: "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\nEND\r\n",
  },
  {
    name: "gat keeps an item from expiring",
    send: "set a 0 100 1\r\nx\r\ngat 0 a\r\nget a\r\n",
    expect: "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "gat answers END without a key",
    send: "gat 100\r\n",
    expect: "END\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "gat answers ERROR without an exptime",
    send: "gat\r\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "gat refuses an exptime that is not a number",
    send: "gat x a\r\n",
    expect: "CLIENT_ERROR invalid exptime argument\r\n",
  },
  {
    name: "gat refuses a key of 251 bytes",
    send: `gat 100 ${LONGEST_KEY}k\r\n`,
    expect: "CLIENT_ERROR bad command line format\r\n",
    later: "CLIENT_ERROR bad command line format\r\n\r\n",
  },
  {
    name: "gat touches the keys before one that is too long",
    send: ["set a 0 0 1\r\nx\r\n", `gat -1 a ${LONGEST_KEY}k\r\n`, "get a\r\n"],
    expect: "STORED\r\nCLIENT_ERROR bad command line format\r\nEND\r\n",
    later: "STORED\r\nCLIENT_ERROR bad command line format\r\n\r\nEND\r\n",
  },
  {
    name: "gats answers the CAS token as well",
    send: "set a 0 0 1\r\nx\r\ngats 100 a\r\n",
    expect: /^STORED\r\nVALUE a 0 1 \d+\r\nx\r\nEND\r\n$/,
  },
  {
    name: "bget answers as get does",
    send: "set a 5 0 1\r\nx\r\nbget a nope a\r\n",
    expect: "STORED\r\nVALUE a 5 1\r\nx\r\nVALUE a 5 1\r\nx\r\nEND\r\n",
    later: "STORED\r\nERROR\r\n",
  },
  {
    name: "bget answers ERROR without a key",
    send: "bget\r\n",
    expect: "ERROR\r\n",
  },
];
