/** `version`, `verbosity`, `quit` and what is no command. */

import type { Exchange } from "../protocol_conformance.ts";

/** `version`, `verbosity`, `quit` and what is no command. */
export const administrationExchanges: readonly Exchange[] = [
  {
    name: "version answers a version of 1.6",
    send: "version\r\n",
    expect: /^VERSION 1\.6\.\d+\S*\r\n$/,
  },
  {
    name: "version takes any arguments for nothing",
    send: "version noreply\r\n",
    expect: /^VERSION 1\.6\.\d+\S*\r\n$/,
  },
  {
    name: "config is no command of a server that tells of no cluster",
    send: "config get cluster\r\n",
    expect: "ERROR\r\n",
  },
  {
    name: "verbosity answers OK",
    send: "verbosity 0\r\n",
    expect: "OK\r\n",
  },
  {
    name: "verbosity says nothing with noreply",
    send: "verbosity 0 noreply\r\n",
    expect: "",
  },
  {
    name: "verbosity answers ERROR without a level",
    send: "verbosity\r\n",
    expect: "ERROR\r\n",
  },
  {
    name: "verbosity refuses a level that is no number",
    send: "verbosity x\r\n",
    expect: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "verbosity refuses a negative level",
    send: "verbosity -1\r\n",
    expect: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "verbosity says nothing when noreply stands in the place of its level",
    send: "verbosity noreply\r\n",
    expect: "",
  },
  {
    name: "verbosity takes any last token but noreply for nothing",
    send: "verbosity 0 more\r\n",
    expect: "OK\r\n",
  },
  {
    name: "verbosity answers ERROR with too many tokens",
    send: "verbosity 0 noreply more\r\n",
    expect: "ERROR\r\n",
  },
  {
    name: "quit ends the connection",
    send: "quit\r\n",
    expect: "",
    ends: true,
  },
  {
    name: "quit ends the connection with arguments as well",
    send: "quit noreply\r\n",
    expect: "",
    ends: true,
  },
  {
    name: "quit ends the connection behind the answers before it",
    send: "get a\r\nquit\r\n",
    expect: "END\r\n",
    ends: true,
  },
  {
    name: "an unknown command is an ERROR",
    send: "nonsense\r\n",
    expect: "ERROR\r\n",
  },
  {
    name: "an unknown command is an ERROR with noreply as well",
    send: "nonsense noreply\r\n",
    expect: "ERROR\r\n",
  },
  {
    name: "a known command with a letter more is an ERROR",
    send: "versions\r\n",
    expect: "ERROR\r\n",
  },
  {
    name: "a known command in capitals is an ERROR",
    send: "GET a\r\n",
    expect: "ERROR\r\n",
  },
  {
    name: "an HTTP request ends the connection",
    send: "GET / HTTP/1.1\r\nHost: memcached\r\n",
    expect: "",
    ends: true,
  },
];
