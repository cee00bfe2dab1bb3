/** Lines, however they are sent. */

import type { Exchange } from "../protocol_conformance.ts";

/** Lines, however they are sent. */
export const framingExchanges: readonly Exchange[] = [
  {
    name: "an empty line is an ERROR",
    send: "\r\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "a line of spaces is an ERROR",
    send: "   \r\n",
    expect: "ERROR\r\n",
  },
  {
    name: "a line may end in a bare newline",
    send: "set a 0 0 1\nx\r\nget a\n",
    expect: "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "a bare newline is an ERROR",
    send: "\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "a NUL is an ERROR",
    send: "\0\r\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "a line ends at its first NUL",
    send: "nonsense\0version\r\n",
    expect: "ERROR\r\n",
  },
  {
    name: "bytes that are not text are an ERROR",
    send: "\xff\xfe\xfd\r\n",
    expect: "ERROR\r\n",
  },
  {
    name: "commands may come all at once and are answered in order",
    send: "set a 0 0 1\r\nx\r\nget a\r\ndelete a\r\nget a\r\nversion x\r\nnonsense\r\n",
    expect: /^STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\nDELETED\r\nEND\r\nVERSION \S+\r\nERROR\r\n$/,
  },
  {
    name: "thousands of commands may come all at once",
    send: "get a\r\n".repeat(5000),
    expect: "END\r\n".repeat(5000),
  },
  {
    name: "a line of 2,048 bytes is read",
    send: `${"x".repeat(2046)}\r\n`,
    expect: "ERROR\r\n",
  },
  {
    name: "a line of 4,000 bytes without an end ends the connection",
    send: "x".repeat(4000),
    expect: "",
    ends: true,
  },
  {
    name: "a get of 100,000 bytes is read",
    send: `get ${"a ".repeat(50_000)}\r\n`,
    expect: "END\r\n",
  },
  {
    name: "a gat of 10,000 bytes without an end ends the connection",
    send: `gat 1 ${"a ".repeat(5_000)}`,
    expect: "",
    ends: true,
  },
];
