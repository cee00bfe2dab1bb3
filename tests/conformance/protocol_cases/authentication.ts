/** What comes before authentication, where a server demands it, and right behind it. */

import type { Exchange } from "../protocol_conformance.ts";

/** The user name and password that these exchanges are for. */
export const CREDENTIALS = { username: "user", password: "secret" };

/** Exchanges with a server that demands authentication, each on a connection of its own. */
export const authenticationExchanges: readonly Exchange[] = [
  {
    name: "the user name and the password are the value of a set",
    send: ["set x 0 0 11\r\nuser secret\r\n", "get x\r\n"],
    expect: "STORED\r\nEND\r\n",
  },
  {
    name: "the key, the flags and the exptime do not matter",
    send: [`set ${"k".repeat(300)} a -1 11\r\nuser secret\r\n`, "get x\r\n"],
    expect: "STORED\r\nEND\r\n",
  },
  {
    name: "noreply is not heeded",
    send: ["set x 0 0 11 noreply\r\nuser secret\r\n"],
    expect: "STORED\r\n",
  },
  {
    name: "more words than the line needs do not matter",
    send: ["set x 0 0 11 1 2 3 4 5 6\r\nuser secret\r\n"],
    expect: "STORED\r\n",
  },
  {
    name: "a wrong password is a failure, and the next attempt may be right",
    send: ["set x 0 0 11\r\nuser wrong!\r\n", "set x 0 0 11\r\nuser secret\r\n", "get x\r\n"],
    expect: "CLIENT_ERROR authentication failure\r\nSTORED\r\nEND\r\n",
  },
  {
    name: "a wrong user name is a failure, as is a password that begins well",
    send: ["set x 0 0 11\r\nuses secret\r\n", "set x 0 0 11\r\nuser secre7\r\n"],
    expect: "CLIENT_ERROR authentication failure\r\n".repeat(2),
  },
  {
    name: "other commands are not carried out",
    send: ["get a\r\n", "version\r\n", "add x 0 0 11\r\n", "ms x 11\r\n", "nonsense\r\n"],
    expect: "CLIENT_ERROR unauthenticated\r\n".repeat(5),
  },
  {
    name: "an empty line is not an authentication",
    send: "\r\nget a\r\n",
    expect: "CLIENT_ERROR unauthenticated\r\n",
    later: "",
    laterEnds: true,
    atOnce: true,
  },
  {
    name: "quit does not end the connection",
    send: ["quit\r\n", "set x 0 0 11\r\nuser secret\r\n"],
    expect: "CLIENT_ERROR unauthenticated\r\nSTORED\r\n",
    later: "",
    laterEnds: true,
  },
  {
    name: "an invalid length is not an authentication",
    send: ["set x 0 0 -1\r\n", "set x 0 0 z\r\n", "set x 0 0\r\n"],
    expect: "CLIENT_ERROR unauthenticated\r\n".repeat(3),
  },
  {
    name: "a value of one word is not a user name and password",
    send: ["set x 0 0 4\r\nuser\r\n", "set x 0 0 0\r\n\r\n", "set x 0 0 11\r\nuser\0secret\r\n"],
    expect: "CLIENT_ERROR bad authentication token format\r\n".repeat(3),
  },
  {
    name: "spaces around the words and what follows them do not matter",
    send: ["set x 0 0 19\r\n user  secret extra\r\n"],
    expect: "STORED\r\n",
    later: "CLIENT_ERROR authentication failure\r\n",
  },
  {
    name: "the value ends at its first NUL",
    send: ["set x 0 0 13\r\nuser secret\0!\r\n"],
    expect: "STORED\r\n",
    later: "CLIENT_ERROR authentication failure\r\n",
  },
  {
    name: "a value without its line end is refused",
    send: ["set x 0 0 11\r\nuser secretXX", "get a\r\n"],
    expect: "CLIENT_ERROR bad command line termination\r\nCLIENT_ERROR unauthenticated\r\n",
  },
  {
    name: "a value may come in parts",
    send: ["set x 0 0 11\r\nuser sec", "ret\r\n"],
    expect: "STORED\r\n",
  },
  {
    name: "of commands that come at once the last is answered",
    send: "get a\r\nget b\r\nset x 0 0 11\r\nuser wrong!\r\n",
    expect: "CLIENT_ERROR authentication failure\r\n",
    atOnce: true,
  },
  {
    name: "commands after the authentication are carried out",
    send: "set x 0 0 11\r\nuser secret\r\nset y 0 0 1\r\nz\r\nget y\r\n",
    expect: "STORED\r\nSTORED\r\nVALUE y 0 1\r\nz\r\nEND\r\n",
    atOnce: true,
  },
  {
    name: "the reply to an authentication replaces the replies before it",
    send: "get a\r\nset x 0 0 11\r\nuser secret\r\nget x\r\n",
    expect: "STORED\r\nEND\r\n",
    atOnce: true,
  },
  {
    name: "after authentication, set stores an item",
    send: ["set x 0 0 11\r\nuser secret\r\n", "set x 5 0 2\r\nab\r\n", "get x\r\n"],
    expect: "STORED\r\nSTORED\r\nVALUE x 5 2\r\nab\r\nEND\r\n",
  },
  {
    name: "a value of 16,000 bytes is looked at",
    send: [`set x 0 0 16000\r\n${"u".repeat(16_000)}\r\n`],
    expect: "CLIENT_ERROR bad authentication token format\r\n",
  },
  {
    name: "a line of 4,000 bytes without an end ends the connection",
    send: "x".repeat(4000),
    expect: "",
    ends: true,
  },
];
