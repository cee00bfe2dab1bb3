/** `md`. */

import type { Exchange } from "../protocol_conformance.ts";

const LONGEST_KEY = "k".repeat(250);

/** `md`. */
export const metaDeleteExchanges: readonly Exchange[] = [
  {
    name: "md deletes an item",
    send: "ms a 1\r\nx\r\nmd a\r\nmg a\r\n",
    expect: "HD\r\nHD\r\nEN\r\n",
  },
  {
    name: "md answers NF for a key that does not exist",
    send: "md a\r\n",
    expect: "NF\r\n",
  },
  {
    name: "md answers key and opaque in the order they were asked for",
    send: "ms a 1\r\nx\r\nmd a k O1\r\nmd a O2 k\r\n",
    expect: "HD\r\nHD ka O1\r\nNF O2 ka\r\n",
  },
  {
    name: "md sends nothing with q where it deletes",
    send: "ms a 1\r\nx\r\nmd a q O1\r\nmg a\r\n",
    expect: "HD\r\nEN\r\n",
  },
  {
    name: "md with q answers NF and EX",
    send: "md a q O1\r\nms a 1\r\nx\r\nmd a q O2 C18446744073709551615\r\n",
    expect: "NF O1\r\nHD\r\nEX O2\r\n",
  },
  {
    name: "md with C deletes nothing under another CAS token",
    send: "ms a 1\r\nx\r\nmd a C18446744073709551615\r\nmd a C0\r\nmg a\r\n",
    expect: "HD\r\nEX\r\nEX\r\nHD\r\n",
  },
  {
    name: "md answers NF with C where there is no item",
    send: "md a C5\r\n",
    expect: "NF\r\n",
  },
  {
    name: "md deletes what T would keep without I",
    send: "ms a 1\r\nx\r\nmd a T100\r\nmg a\r\n",
    expect: "HD\r\nHD\r\nEN\r\n",
  },
  {
    name: "md deletes by a key in base64, and answers it",
    send: "ms foo 1\r\nx\r\nmd Zm9v b k\r\nmd Zm9v b k\r\n",
    expect: "HD\r\nHD kZm9v b\r\nNF kZm9v b\r\n",
  },
  {
    name: "md refuses any flag that is wrong with the same words",
    send: "md a x\r\nmd a q q\r\nmd a Tx\r\nmd a E5\r\nmd a b\r\n",
    expect:
      "CLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\n",
    later:
      "NF\r\nCLIENT_ERROR duplicate flag\r\nCLIENT_ERROR bad token in command line format\r\nNF\r\nCLIENT_ERROR error decoding key\r\n",
  },
  {
    name: "md refuses an opaque of 32 bytes, and deletes nothing",
    send: "ms a 1\r\nx\r\nmd a q Oxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\nmg a\r\n",
    expect: "HD\r\nCLIENT_ERROR opaque token too long\r\nHD\r\n",
  },
  {
    name: "md refuses 18 flags",
    send: "md a b c f h k l O q s t u v N0 R0 T0 P L I\r\n",
    expect: "CLIENT_ERROR options flags too long\r\n",
    later: "CLIENT_ERROR error decoding key\r\n",
  },
  {
    name: "md refuses a key of 251 bytes",
    send: `md ${LONGEST_KEY}k\r\n`,
    expect: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "md answers ERROR without a key",
    send: "md\r\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
];
