/** `set`, `add`, `replace`, `append`, `prepend` and `cas`. */

import type { Exchange } from "../protocol_conformance.ts";

const LONGEST_KEY = "k".repeat(250);

const TOO_LARGE = "x".repeat(1024 * 1024);
const LARGE = "x".repeat(1_000_000);
/** The key is one byte long. */
const LARGEST = "x".repeat(1024 * 1024 - 48 - 8 - 2 - 2);

/** `set`, `add`, `replace`, `append`, `prepend` and `cas`. */
export const storageExchanges: readonly Exchange[] = [
  {
    name: "set answers ERROR without a length",
    send: "set a 0 0\r\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "set answers ERROR with too many tokens",
    send: "set a 0 0 1 noreply more\r\nx\r\n",
    expect: "ERROR\r\nERROR\r\n",
    later: "STORED\r\n",
  },
  {
    name: "set sends nothing with noreply",
    send: "set a 0 0 1 noreply\r\nx\r\n",
    expect: "",
  },
  {
    name: "set refuses a length that is not a number",
    send: "set a 0 0 x\r\n",
    expect: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "add answers ERROR without a length",
    send: "add a 0 0\r\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "add answers ERROR with too many tokens",
    send: "add a 0 0 1 noreply more\r\nx\r\n",
    expect: "ERROR\r\nERROR\r\n",
    later: "STORED\r\n",
  },
  {
    name: "add sends nothing with noreply",
    send: "add a 0 0 1 noreply\r\nx\r\n",
    expect: "",
  },
  {
    name: "add refuses a length that is not a number",
    send: "add a 0 0 x\r\n",
    expect: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "replace answers ERROR without a length",
    send: "replace a 0 0\r\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "replace answers ERROR with too many tokens",
    send: "replace a 0 0 1 noreply more\r\nx\r\n",
    expect: "ERROR\r\nERROR\r\n",
    later: "NOT_STORED\r\n",
  },
  {
    name: "replace sends nothing with noreply",
    send: "replace a 0 0 1 noreply\r\nx\r\n",
    expect: "",
  },
  {
    name: "replace refuses a length that is not a number",
    send: "replace a 0 0 x\r\n",
    expect: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "append answers ERROR without a length",
    send: "append a 0 0\r\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "append answers ERROR with too many tokens",
    send: "append a 0 0 1 noreply more\r\nx\r\n",
    expect: "ERROR\r\nERROR\r\n",
    later: "NOT_STORED\r\n",
  },
  {
    name: "append sends nothing with noreply",
    send: "append a 0 0 1 noreply\r\nx\r\n",
    expect: "",
  },
  {
    name: "append refuses a length that is not a number",
    send: "append a 0 0 x\r\n",
    expect: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "prepend answers ERROR without a length",
    send: "prepend a 0 0\r\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "prepend answers ERROR with too many tokens",
    send: "prepend a 0 0 1 noreply more\r\nx\r\n",
    expect: "ERROR\r\nERROR\r\n",
    later: "NOT_STORED\r\n",
  },
  {
    name: "prepend sends nothing with noreply",
    send: "prepend a 0 0 1 noreply\r\nx\r\n",
    expect: "",
  },
  {
    name: "prepend refuses a length that is not a number",
    send: "prepend a 0 0 x\r\n",
    expect: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "set stores a value",
    send: "set a 0 0 1\r\nx\r\nget a\r\n",
    expect: "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "set replaces value and flags",
    send: "set a 1 0 1\r\nx\r\nset a 2 0 2\r\nyy\r\nget a\r\n",
    expect: "STORED\r\nSTORED\r\nVALUE a 2 2\r\nyy\r\nEND\r\n",
  },
  {
    name: "set stores with noreply",
    send: "set a 0 0 1 noreply\r\nx\r\nget a\r\n",
    expect: "VALUE a 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "set ignores any last token except noreply",
    send: "set a 0 0 1 more\r\nx\r\nget a\r\n",
    expect: "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "set is case sensitive",
    send: "SET a 0 0 1\r\n",
    expect: "ERROR\r\n",
  },
  {
    name: "set answers ERROR without arguments",
    send: "set\r\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "set refuses a key of 251 bytes and treats its value as a command",
    send: `set ${LONGEST_KEY}k 0 0 7\r\nversion\r\n`,
    expect: /^CLIENT_ERROR bad command line format\r\nVERSION 1\.6\.\d+\S*\r\n$/,
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "set refuses flags that are no number",
    send: "set a x 0 1\r\nx\r\n",
    expect: "CLIENT_ERROR bad command line format\r\nERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "set refuses negative flags",
    send: "set a -1 0 1\r\nx\r\n",
    expect: "CLIENT_ERROR bad command line format\r\nERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "set refuses hexadecimal flags",
    send: "set a 0x10 0 1\r\nx\r\n",
    expect: "CLIENT_ERROR bad command line format\r\nERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "set keeps 32 bits of the flags",
    send: "set a 4294967297 0 1\r\nx\r\nget a\r\n",
    expect: "STORED\r\nVALUE a 1 1\r\nx\r\nEND\r\n",
  },
  {
    name: "set refuses flags of more than 64 bits",
    send: "set a 18446744073709551616 0 1\r\nx\r\n",
    expect: "CLIENT_ERROR bad command line format\r\nERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "set lets a very negative number wrap to flags",
    send: "set a -18446744073709551615 0 1\r\nx\r\nget a\r\n",
    expect: "STORED\r\nVALUE a 1 1\r\nx\r\nEND\r\n",
  },
  {
    name: "set refuses an exptime that is not a number",
    send: "set a 0 x 1\r\nx\r\n",
    expect: "CLIENT_ERROR bad command line format\r\nERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "set refuses an exptime with a word after it",
    send: "set a 0 1s 1\r\nx\r\n",
    expect: "CLIENT_ERROR bad command line format\r\nERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "set refuses an exptime of more than 64 bits",
    send: "set a 0 9223372036854775808 1\r\nx\r\n",
    expect: "CLIENT_ERROR bad command line format\r\nERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "set takes a length with a sign",
    send: "set a 0 0 +1\r\nx\r\nget a\r\n",
    expect: "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
    later:
      "CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nEND\r\n",
  },
  {
    name: "set takes a length with zeros before it",
    send: "set a 0 0 0000000000000000000000001\r\nx\r\nget a\r\n",
    expect: "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
    later:
      "CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nEND\r\n",
  },
  {
    name: "set refuses a negative length",
    send: "set a 0 0 -1\r\n",
    expect: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "set refuses a negative length in silence with noreply",
    send: "set a 0 0 -1 noreply\r\n",
    expect: "",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "set refuses a length of 2 GiB",
    send: "set a 0 0 2147483646\r\n",
    expect: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "set refuses a length with letters after it",
    send: "set a 0 0 1x\r\n",
    expect: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "set treats white space other than a space as the end of a length",
    send: "set a 0 0 1\v\r\nx\r\nget a\r\n",
    expect: "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
    later:
      "CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nEND\r\n",
  },
  {
    name: "set answers bad data chunk to a value longer than declared, and continues after it",
    send: "set a 0 0 3\r\nabcdef\r\n",
    expect: "CLIENT_ERROR bad data chunk\r\nERROR\r\n",
    later: "CLIENT_ERROR bad data chunk\r\nCLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "set answers bad data chunk to a value shorter than declared, and continues after it",
    send: "set a 0 0 8\r\nabc\r\nget a\r\n",
    expect: "CLIENT_ERROR bad data chunk\r\nERROR\r\n",
    later: "CLIENT_ERROR bad data chunk\r\nCLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "set answers bad data chunk for a value that ends in a bare newline",
    send: "set a 0 0 2\r\nab\n\nget a\r\n",
    expect: "CLIENT_ERROR bad data chunk\r\nEND\r\n",
  },
  {
    name: "set keeps the old value when the new one is a bad data chunk",
    send: "set a 0 0 1\r\nx\r\nset a 0 0 1\r\nyyget nope\r\nget a\r\n",
    expect: "STORED\r\nCLIENT_ERROR bad data chunk\r\nERROR\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "set answers nothing to a bad data chunk with noreply",
    send: "set a 0 0 3 noreply\r\nabcdef\r\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "set takes a value of 1,000,000 bytes",
    send: `set a 0 0 1000000\r\n${LARGE}\r\nget a\r\n`,
    expect: `STORED\r\nVALUE a 0 1000000\r\n${LARGE}\r\nEND\r\n`,
  },
  {
    name: "set takes the largest item",
    send: `set a 0 0 ${LARGEST.length}\r\n${LARGEST}\r\n`,
    expect: "STORED\r\n",
  },
  {
    name: "set refuses an item a byte larger than the largest",
    send: `set a 0 0 ${LARGEST.length + 1}\r\n${LARGEST}x\r\n`,
    expect: "SERVER_ERROR object too large for cache\r\n",
  },
  {
    name: "set refuses an item that only its flags make too large",
    send: `set a 1 0 ${LARGEST.length}\r\n${LARGEST}\r\n`,
    expect: "SERVER_ERROR object too large for cache\r\n",
  },
  {
    name: "set skips a value that is too large, and continues after it",
    send: `set a 0 0 1048576\r\n${TOO_LARGE}\r\nget a\r\n`,
    expect: "SERVER_ERROR object too large for cache\r\nEND\r\n",
  },
  {
    name: "set removes the old value when the new one is too large",
    send: `set a 0 0 1\r\nx\r\nset a 0 0 1048576\r\n${TOO_LARGE}\r\nget a\r\n`,
    expect: "STORED\r\nSERVER_ERROR object too large for cache\r\nEND\r\n",
  },
  {
    name: "set answers nothing to a value that is too large with noreply",
    send: `set a 0 0 1048576 noreply\r\n${TOO_LARGE}\r\nget a\r\n`,
    expect: "END\r\n",
  },
  {
    name: "add stores what is not there",
    send: "add a 0 0 1\r\nx\r\nget a\r\n",
    expect: "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "add does not replace an existing item",
    send: "set a 0 0 1\r\nx\r\nadd a 0 0 1\r\ny\r\nget a\r\n",
    expect: "STORED\r\nNOT_STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "add keeps the old value when the new one is too large",
    send: `set a 0 0 1\r\nx\r\nadd a 0 0 1048576\r\n${TOO_LARGE}\r\nget a\r\n`,
    expect: "STORED\r\nSERVER_ERROR object too large for cache\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "replace stores nothing if the key does not exist",
    send: "replace a 0 0 1\r\nx\r\nget a\r\n",
    expect: "NOT_STORED\r\nEND\r\n",
  },
  {
    name: "replace replaces an existing item",
    send: "set a 0 0 1\r\nx\r\nreplace a 3 0 1\r\ny\r\nget a\r\n",
    expect: "STORED\r\nSTORED\r\nVALUE a 3 1\r\ny\r\nEND\r\n",
  },
  {
    name: "append stores nothing if the key does not exist",
    send: "append a 0 0 1\r\nx\r\nget a\r\n",
    expect: "NOT_STORED\r\nEND\r\n",
  },
  {
    name: "append adds to the end and keeps the flags",
    send: "set a 7 0 1\r\nx\r\nappend a 9 0 2\r\nyz\r\nget a\r\n",
    expect: "STORED\r\nSTORED\r\nVALUE a 7 3\r\nxyz\r\nEND\r\n",
  },
  {
    name: "append keeps the exptime",
    send: "set a 0 0 1\r\nx\r\nappend a 0 -1 1\r\ny\r\nget a\r\n",
    expect: "STORED\r\nSTORED\r\nVALUE a 0 2\r\nxy\r\nEND\r\n",
  },
  {
    name: "append stores nothing when both together are too large",
    send: `set a 0 0 1000000\r\n${LARGE}\r\nappend a 0 0 1000000\r\n${LARGE}\r\n`,
    expect: "STORED\r\nNOT_STORED\r\n",
  },
  {
    name: "prepend stores nothing if the key does not exist",
    send: "prepend a 0 0 1\r\nx\r\nget a\r\n",
    expect: "NOT_STORED\r\nEND\r\n",
  },
  {
    name: "prepend adds to the front and keeps the flags",
    send: "set a 7 0 1\r\nx\r\nprepend a 9 0 2\r\nyz\r\nget a\r\n",
    expect: "STORED\r\nSTORED\r\nVALUE a 7 3\r\nyzx\r\nEND\r\n",
  },
  {
    name: "cas answers NOT_FOUND for a key that does not exist",
    send: "cas a 0 0 1 5\r\nx\r\nget a\r\n",
    expect: "NOT_FOUND\r\nEND\r\n",
  },
  {
    name: "cas answers EXISTS for another token than the item's",
    send: "set a 0 0 1\r\nx\r\ncas a 0 0 1 18446744073709551615\r\ny\r\nget a\r\n",
    expect: "STORED\r\nEXISTS\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "cas answers EXISTS for token 0",
    send: "set a 0 0 1\r\nx\r\ncas a 0 0 1 0\r\ny\r\nget a\r\n",
    expect: "STORED\r\nEXISTS\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "cas answers ERROR without a token",
    send: "cas a 0 0 1\r\nx\r\n",
    expect: "ERROR\r\nERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "cas answers ERROR with too many tokens",
    send: "cas a 0 0 1 5 noreply more\r\nx\r\n",
    expect: "ERROR\r\nERROR\r\n",
    later: "NOT_FOUND\r\n",
  },
  {
    name: "cas refuses a token that is not a number",
    send: "cas a 0 0 1 x\r\nx\r\n",
    expect: "CLIENT_ERROR bad command line format\r\nERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "cas refuses a negative token",
    send: "cas a 0 0 1 -1\r\nx\r\n",
    expect: "CLIENT_ERROR bad command line format\r\nERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "cas refuses a token of more than 64 bits",
    send: "cas a 0 0 1 18446744073709551616\r\nx\r\n",
    expect: "CLIENT_ERROR bad command line format\r\nERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "cas sends nothing with noreply",
    send: "cas a 0 0 1 5 noreply\r\nx\r\n",
    expect: "",
  },
];
