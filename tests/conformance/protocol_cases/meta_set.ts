/** `ms`. */

import type { Exchange } from "../protocol_conformance.ts";

const LONGEST_KEY = "k".repeat(250);

/** `ms`. */
export const metaSetExchanges: readonly Exchange[] = [
  {
    name: "ms stores an item",
    send: "ms a 3\r\nabc\r\nget a\r\n",
    expect: "HD\r\nVALUE a 0 3\r\nabc\r\nEND\r\n",
  },
  {
    name: "ms stores client flags and exptime",
    send: "ms a 1 F5 T100\r\nx\r\nget a\r\nmg a t\r\n",
    expect: /^HD\r\nVALUE a 5 1\r\nx\r\nEND\r\nHD t(100|99)\r\n$/,
  },
  {
    name: "ms stores an item that expires at once",
    send: "ms a 1 T-1\r\nx\r\nmg a\r\n",
    expect: "HD\r\nEN\r\n",
  },
  {
    name: "ms answers key, opaque and CAS token in the order they were asked for",
    send: "ms a 1 O1 k c\r\nx\r\nms a 1 c k O2\r\nx\r\n",
    expect: /^HD O1 ka c\d+\r\nHD c\d+ ka O2\r\n$/,
  },
  {
    name: "ms answers the CAS token that mg answers",
    send: ["ms a 1 c\r\nx\r\n", "mg a c\r\n"],
    expect: /^HD (c\d+)\r\nHD \1\r\n$/,
  },
  {
    name: "ms answers nothing else",
    send: "ms a 1 s t f v h l\r\nx\r\n",
    expect: "HD\r\n",
    later: "HD s1\r\n",
  },
  {
    name: "ms sends nothing with q",
    send: "ms a 1 q k O1\r\nx\r\nmg a\r\n",
    expect: "HD\r\n",
  },
  {
    name: "ms with q answers what was not stored",
    send:
      "ms a 1 q MR O1\r\nx\r\nms a 1 q C1 O2\r\nx\r\nms a 1\r\nx\r\nms a 1 q C18446744073709551615 O3\r\nx\r\n",
    expect: "NS O1\r\nNF O2\r\nHD\r\nEX O3\r\n",
  },
  {
    name: "ms adds with ME",
    send: "ms a 1 ME\r\nx\r\nms a 1 ME\r\ny\r\nmg a v\r\n",
    expect: "HD\r\nNS\r\nVA 1\r\nx\r\n",
  },
  {
    name: "ms replaces with MR",
    send: "ms a 1 MR\r\nx\r\nms a 1\r\nx\r\nms a 1 MR\r\ny\r\nmg a v\r\n",
    expect: "NS\r\nHD\r\nHD\r\nVA 1\r\ny\r\n",
  },
  {
    name: "ms appends with MA and prepends with MP",
    send:
      "ms a 1 MA\r\nx\r\nms a 1 MP\r\nx\r\nms a 1 F5\r\nb\r\nms a 1 MA F6\r\nc\r\nms a 1 MP\r\na\r\nmg a v f\r\n",
    expect: "NS\r\nNS\r\nHD\r\nHD\r\nHD\r\nVA 3 f5\r\nabc\r\n",
  },
  {
    name: "ms sets with MS",
    send: "ms a 1 MS\r\nx\r\n",
    expect: "HD\r\n",
  },
  {
    name: "ms refuses another mode, and its value with it",
    send: "ms a 1 MX\r\nx\r\nms a 1 Ms\r\nx\r\nms a 1 MSS\r\nx\r\nms a 1 M\r\nx\r\nmg a\r\n",
    expect:
      "CLIENT_ERROR invalid mode for ms M token\r\nCLIENT_ERROR invalid mode for ms M token\r\nCLIENT_ERROR incorrect length for M token\r\nCLIENT_ERROR incorrect length for M token\r\nEN\r\n",
    later:
      "CLIENT_ERROR invalid mode for ms M token\r\nCLIENT_ERROR invalid mode for ms M token\r\nHD\r\nCLIENT_ERROR invalid mode for ms M token\r\nHD\r\n",
  },
  {
    name: "ms with C stores nothing where there is no item",
    send: "ms a 1 C5\r\nx\r\nms a 1 C0\r\nx\r\n",
    expect: "NF\r\nNF\r\n",
  },
  {
    name: "ms with C stores nothing under another CAS token",
    send: "ms a 1\r\nx\r\nms a 1 C18446744073709551615 c k\r\ny\r\nmg a v\r\n",
    expect: "HD\r\nEX c0 ka\r\nVA 1\r\nx\r\n",
  },
  {
    name: "ms with C0 never stores",
    send: "ms a 1\r\nx\r\nms a 1 C0\r\ny\r\n",
    expect: "HD\r\nEX\r\n",
  },
  {
    name: "ms with MA and C stores nothing under another CAS token",
    send: "ms a 1\r\nx\r\nms a 1 MA C18446744073709551615\r\ny\r\nms a 1 MA C0\r\ny\r\nmg a v\r\n",
    expect: "HD\r\nEX\r\nHD\r\nVA 2\r\nxy\r\n",
  },
  {
    name: "ms with ME ignores C",
    send: "ms a 1 ME C5\r\nx\r\nms a 1 ME C5\r\nx\r\n",
    expect: "HD\r\nNS\r\n",
  },
  {
    name: "ms answers a CAS token of 0 for what was not stored",
    send: "ms a 1 MR c\r\nx\r\n",
    expect: "NS c0\r\n",
  },
  {
    name: "ms refuses a value without a line end, and keeps what was there",
    send: "ms a 1\r\nx\r\nms a 1 q O1\r\nyyy\r\nmg a v\r\n",
    expect: "HD\r\nCLIENT_ERROR bad data chunk\r\nERROR\r\nVA 1\r\nx\r\n",
    later:
      "HD\r\nCLIENT_ERROR bad data chunk\r\nCLIENT_ERROR bad command line format\r\nVA 1\r\nx\r\n",
  },
  {
    name: "ms refuses a flag, and skips its value",
    send:
      "ms a 3 Z\r\nabc\r\nms a 3 E5\r\nabc\r\nms a 3 T1 T2\r\nabc\r\nms a 3 Tx\r\nabc\r\nms a 3 Fx\r\nabc\r\nmn\r\n",
    expect:
      "CLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR duplicate flag\r\nCLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR bad command line format\r\nMN\r\n",
    later:
      "CLIENT_ERROR invalid flag\r\nHD\r\nCLIENT_ERROR duplicate flag\r\nCLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR bad command line format\r\nMN\r\n",
  },
  {
    name: "ms refuses an opaque of 32 bytes, and skips its value",
    send: "ms a 1 Oxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\nx\r\nmg a\r\n",
    expect: "CLIENT_ERROR opaque token too long\r\nEN\r\n",
  },
  {
    name: "ms treats the value as a command if it cannot read the length",
    send: "ms a x\r\nmn\r\nms a -1\r\nmn\r\n",
    expect:
      "CLIENT_ERROR bad command line format\r\nMN\r\nCLIENT_ERROR bad command line format\r\nMN\r\n",
  },
  {
    name: "ms treats the value as a command after a key of 251 bytes",
    send: `ms ${LONGEST_KEY}k 2\r\nmn\r\n`,
    expect: "CLIENT_ERROR bad command line format\r\nMN\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "ms treats the value as a command after 17 flags",
    send: "ms a 2 b c f h k l O q s t u v N0 R0 T0 P L\r\nmn\r\n",
    expect: "CLIENT_ERROR options flags too long\r\nMN\r\n",
    later: "CLIENT_ERROR error decoding key\r\n",
  },
  {
    name: "ms answers ERROR without a key",
    send: "ms\r\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "ms refuses a key without a length",
    send: "ms a\r\n",
    expect: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "ms refuses what is too large, and removes what was there",
    send: `ms a 1\r\nx\r\nms a 1048576 ME q O1\r\n${"x".repeat(1024 * 1024)}\r\nmg a\r\n`,
    expect: "HD\r\nSERVER_ERROR object too large for cache\r\nEN\r\n",
  },
  {
    name: "ms stores under a key in base64, and answers it",
    send: "ms Zm9v 1 b k\r\nx\r\nget foo\r\n",
    expect: "HD kZm9v b\r\nVALUE foo 0 1\r\nx\r\nEND\r\n",
  },
  {
    name: "ms takes base64 of 248 bytes, for a key of 186",
    send: `ms ${"YWJj".repeat(62)} 1 b\r\nx\r\nmg ${"abc".repeat(62)} v\r\n`,
    expect: "HD\r\nVA 1\r\nx\r\n",
  },
  {
    name: "ms refuses base64 of 252 bytes, for a key of 189",
    send: `ms ${"YWJj".repeat(63)} 2 b\r\nmn\r\n`,
    expect: "CLIENT_ERROR bad command line format\r\nMN\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "ms with MA forgets that the key came as base64",
    send: "ms Zm9v 1 b\r\nx\r\nms Zm9v 1 b MA k\r\ny\r\nmg Zm9v b k\r\n",
    expect: "HD\r\nHD kZm9v b\r\nHD kfoo\r\n",
  },
];
