/** `ma`. */

import type { Exchange } from "../protocol_conformance.ts";

const LONGEST_KEY = "k".repeat(250);

/** `ma`. */
export const metaArithmeticExchanges: readonly Exchange[] = [
  {
    name: "ma adds 1, and answers HD",
    send: "ms n 1\r\n5\r\nma n\r\nmg n v\r\n",
    expect: "HD\r\nHD\r\nVA 1\r\n6\r\n",
  },
  {
    name: "ma answers the number with v",
    send: "ms n 1\r\n5\r\nma n v\r\nma n D10 v\r\n",
    expect: "HD\r\nVA 1\r\n6\r\nVA 2\r\n16\r\n",
  },
  {
    name: "ma adds with MI and M+, and subtracts with MD and M-",
    send: "ms n 2\r\n50\r\nma n MI v\r\nma n M+ D2 v\r\nma n MD v\r\nma n M- D2 v\r\n",
    expect: "HD\r\nVA 2\r\n51\r\nVA 2\r\n53\r\nVA 2\r\n52\r\nVA 2\r\n50\r\n",
  },
  {
    name: "ma refuses another mode",
    send: "ma n Mi\r\nma n MX q\r\n",
    expect:
      "CLIENT_ERROR invalid mode for ma M token\r\nCLIENT_ERROR invalid mode for ma M token\r\n",
  },
  {
    name: "ma stops at 0",
    send: "ms n 1\r\n5\r\nma n MD D10 v\r\n",
    expect: "HD\r\nVA 1\r\n0\r\n",
  },
  {
    name: "ma wraps around at 2^64",
    send: "ms n 20\r\n18446744073709551615\r\nma n v\r\n",
    expect: "HD\r\nVA 1\r\n0\r\n",
  },
  {
    name: "ma fills a number that got shorter up with spaces",
    send: "ms n 2\r\n10\r\nma n MD v\r\nmg n v\r\n",
    expect: "HD\r\nVA 1\r\n9\r\nVA 2\r\n9 \r\n",
  },
  {
    name: "ma answers NF for a key that does not exist",
    send: "ma n v\r\nma n q k O1\r\n",
    expect: "NF\r\nNF kn O1\r\n",
  },
  {
    name: "ma makes a number with N, of 0",
    send: "ma n N0 v\r\nma n N0 v\r\n",
    expect: "VA 1\r\n0\r\nVA 1\r\n1\r\n",
  },
  {
    name: "ma makes a number with N and J",
    send: "ma n N100 J13 v t\r\nma n N100 J99 v\r\n",
    expect: /^VA 2 t(100|99)\r\n13\r\nVA 2\r\n14\r\n$/,
  },
  {
    name: "ma answers with t the time after N",
    send: "ma n N100 t\r\n",
    expect: /^HD t(100|99)\r\n$/,
  },
  {
    name: "ma changes the time with T",
    send: "ms n 1\r\n5\r\nma n T100 t\r\nmg n t\r\n",
    expect: /^HD\r\nHD t(100|99)\r\nHD t(100|99)\r\n$/,
  },
  {
    name: "ma forgets T where the number grows",
    send: "ms n 1\r\n9\r\nma n T100 t v\r\nmg n t\r\n",
    expect: /^HD\r\nVA 2 t(100|99)\r\n10\r\nHD t-1\r\n$/,
  },
  {
    name: "ma answers flags in the order they were asked for",
    send: "ms n 1\r\n5\r\nma n O1 k t v\r\nma n t v k O2\r\n",
    expect: "HD\r\nVA 1 O1 kn t-1\r\n6\r\nVA 1 t-1 kn O2\r\n7\r\n",
  },
  {
    name: "ma answers the CAS token that mg answers",
    send: ["ms n 1\r\n9\r\n", "ma n c\r\n", "mg n c\r\n"],
    expect: /^HD\r\nHD (c\d+)\r\nHD \1\r\n$/,
  },
  {
    name: "ma answers nothing else",
    send: "ms n 1\r\n5\r\nma n s f h l\r\n",
    expect: "HD\r\nHD\r\n",
  },
  {
    name: "ma sends nothing with q where it changes a number",
    send: "ms n 1\r\n5\r\nma n q v O1\r\nmg n v\r\n",
    expect: "HD\r\nVA 1\r\n6\r\n",
  },
  {
    name: "ma with q answers a number it makes",
    send: "ma n q v N0 O1\r\nma n q v N0 O2\r\n",
    expect: "VA 1 O1\r\n0\r\n",
    later: "",
  },
  {
    name: "ma with C changes nothing under another CAS token",
    send: "ms n 1\r\n5\r\nma n C18446744073709551615 q k v\r\nmg n v\r\n",
    expect: "HD\r\nEX kn\r\nVA 1\r\n5\r\n",
  },
  {
    name: "ma with C0 changes under any CAS token",
    send: "ms n 1\r\n5\r\nma n C0 v\r\n",
    expect: "HD\r\nVA 1\r\n6\r\n",
  },
  {
    name: "ma refuses a value that is not a number",
    send: "ms n 1\r\nx\r\nma n q\r\nms n 0\r\n\r\nma n\r\n",
    expect:
      "HD\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nHD\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\n",
  },
  {
    name: "ma refuses any flag that is wrong with the same words",
    send: "ma n Dx\r\nma n D\r\nma n D-1\r\nma n Jx\r\nma n Nx\r\nma n E5\r\nma n v v\r\n",
    expect:
      "CLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\n",
    later:
      "CLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\nNF\r\nCLIENT_ERROR invalid or duplicate flag\r\n",
  },
  {
    name: "ma changes the number before an opaque that is too long",
    send: "ms n 1\r\n5\r\nma n q Oxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\nmg n v\r\n",
    expect: "HD\r\nCLIENT_ERROR opaque token too long\r\nVA 1\r\n6\r\n",
  },
  {
    name: "ma changes a number under a key in base64, and answers it",
    send: "ms foo 1\r\n5\r\nma Zm9v b k v\r\n",
    expect: "HD\r\nVA 1 kZm9v b\r\n6\r\n",
  },
  {
    name: "ma refuses 18 flags",
    send: "ma a b c f h k l O q s t u v N0 R0 T0 P L I\r\n",
    expect: "CLIENT_ERROR options flags too long\r\n",
    later: "CLIENT_ERROR invalid or duplicate flag\r\n",
  },
  {
    name: "ma refuses a key of 251 bytes",
    send: `ma ${LONGEST_KEY}k\r\n`,
    expect: "CLIENT_ERROR bad command line format\r\n",
    later: "CLIENT_ERROR invalid or duplicate flag\r\n",
  },
  {
    name: "ma answers ERROR without a key",
    send: "ma\r\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
];
