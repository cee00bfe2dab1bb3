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
    name: "version ignores all arguments",
    send: "version noreply\r\n",
    expect: /^VERSION 1\.6\.\d+\S*\r\n$/,
  },
  {
    name: "config is an unknown command to a server without a cluster",
    send: "config get cluster\r\n",
    expect: "ERROR\r\n",
  },
  {
    name: "verbosity answers OK",
    send: "verbosity 0\r\n",
    expect: "OK\r\n",
  },
  {
    name: "verbosity sends nothing with noreply",
    send: "verbosity 0 noreply\r\n",
    expect: "",
  },
  {
    name: "verbosity answers ERROR without a level",
    send: "verbosity\r\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "verbosity refuses a level that is not a number",
    send: "verbosity x\r\n",
    expect: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "verbosity refuses a negative level",
    send: "verbosity -1\r\n",
    expect: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "verbosity answers nothing when noreply is in the place of its level",
    send: "verbosity noreply\r\n",
    expect: "",
  },
  {
    name: "verbosity ignores any last token except noreply",
    send: "verbosity 0 more\r\n",
    expect: "OK\r\n",
  },
  {
    name: "verbosity answers ERROR with too many tokens",
    send: "verbosity 0 noreply more\r\n",
    expect: "ERROR\r\n",
    later: "OK\r\n",
  },
  {
    name: "cache_memlimit takes megabytes",
    send: "cache_memlimit 64\r\ncache_memlimit 64 noreply\r\ncache_memlimit 64 more\r\n",
    expect: "OK\r\nOK\r\n",
  },
  {
    name: "cache_memlimit refuses less than 8 megabytes, and a number of bytes",
    send: "cache_memlimit 7\r\ncache_memlimit 1000000001\r\n",
    expect:
      "MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m\r\nMEMLIMIT_ADJUST_FAILED input value is megabytes not bytes\r\n",
  },
  {
    name: "cache_memlimit answers ERROR to what is not a number, and nothing with noreply",
    send: "cache_memlimit x\r\ncache_memlimit -1\r\ncache_memlimit x noreply\r\n",
    expect: "ERROR\r\nERROR\r\n",
  },
  {
    name: "cache_memlimit answers ERROR without a number",
    send: "cache_memlimit\r\n",
    expect: "ERROR\r\n",
  },
  {
    name: "cache_memlimit answers ERROR with too many tokens",
    send: "cache_memlimit 64 noreply more\r\n",
    expect: "ERROR\r\n",
    later: "OK\r\n",
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
    name: "quit ends the connection after the answers before it",
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
    later: "",
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
