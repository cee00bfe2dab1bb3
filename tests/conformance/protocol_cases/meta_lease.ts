/** Leases and stale items: `N`, `R` and `I`. */

import type { Exchange } from "../protocol_conformance.ts";

/** Leases and stale items: `N`, `R` and `I`. */
export const metaLeaseExchanges: readonly Exchange[] = [
  {
    name: "mg with N makes an empty item for one client to fill, and says so to the others",
    send: "mg a v N30\r\nmg a v N30\r\nmg a v\r\n",
    expect: "VA 0 W\r\n\r\nVA 0 Z\r\n\r\nVA 0 Z\r\n\r\n",
  },
  {
    name: "mg with N answers W after all flags",
    send: "mg a s N30 v k O1 t\r\n",
    expect: /^VA 0 s0 ka O1 t(30|29) W\r\n\r\n$/,
  },
  {
    name: "mg with N answers with q as well",
    send: "mg a q N30\r\nmg a q N30\r\n",
    expect: "HD W\r\nHD Z\r\n",
  },
  {
    name: "mg with N changes nothing about an item that exists",
    send: "ms a 1\r\nx\r\nmg a N30 t v\r\n",
    expect: "HD\r\nVA 1 t-1\r\nx\r\n",
  },
  {
    name: "mg with N and T keeps the last of the two",
    send: "mg a N30 T60 t\r\nmg b T60 N30 t\r\n",
    expect: /^HD t(60|59) W\r\nHD t(30|29) W\r\n$/,
  },
  {
    name: "mg with N that is negative makes an item that expires at once",
    send: "mg a N-1\r\nmg a\r\n",
    expect: "HD W\r\nEN\r\n",
  },
  {
    name: "mg with N and b forgets that the key came as base64",
    send: "mg AAB3 b N30 k\r\nmg AAB3 b k\r\n",
    expect: "HD k\0\0w W\r\nHD k\0\0w Z\r\n",
  },
  {
    name: "ms ends a lease",
    send: "mg a N30\r\nms a 1\r\nx\r\nmg a v\r\n",
    expect: "HD W\r\nHD\r\nVA 1\r\nx\r\n",
  },
  {
    name: "mg with R has one client replace what is soon to expire",
    send: "ms a 1 T20\r\nx\r\nmg a R30\r\nmg a R30\r\nmg a\r\n",
    expect: "HD\r\nHD W\r\nHD Z\r\nHD Z\r\n",
  },
  {
    name: "mg with R does nothing if the remaining time is long, or without an end",
    send: "ms a 1 T90\r\nx\r\nmg a R30\r\nms a 1\r\nx\r\nmg a R30\r\n",
    expect: "HD\r\nHD\r\nHD\r\nHD\r\n",
  },
  {
    name: "mg with R and T looks at the time that comes first",
    send: "ms a 1 T20\r\nx\r\nmg a T90 R30\r\nmg a R30 T10\r\nmg a R30 T90\r\n",
    expect: "HD\r\nHD\r\nHD\r\nHD W\r\n",
  },
  {
    name: "md with I marks an item as stale, and one client is to replace it",
    send: "ms a 1\r\nx\r\nmd a I\r\nmg a v\r\nmg a v\r\n",
    expect: "HD\r\nHD\r\nVA 1 X W\r\nx\r\nVA 1 Z X\r\nx\r\n",
  },
  {
    name: "md with I and T sets the time a stale item is to live",
    send: "ms a 1\r\nx\r\nmd a I T30\r\nmg a t\r\n",
    expect: /^HD\r\nHD\r\nHD t(30|29) X W\r\n$/,
  },
  {
    name: "md with I takes the lease from the client that has it",
    send: "ms a 1\r\nx\r\nmd a I\r\nmg a\r\nmd a I\r\nmg a\r\n",
    expect: "HD\r\nHD\r\nHD X W\r\nHD\r\nHD X W\r\n",
  },
  {
    name: "md with I sends nothing with q",
    send: "ms a 1\r\nx\r\nmd a I q\r\nmg a\r\n",
    expect: "HD\r\nHD X W\r\n",
  },
  {
    name: "md with I gives an item another CAS token",
    send: ["ms a 1 c\r\nx\r\n", "md a I\r\n", "mg a c\r\n"],
    expect: /^HD (c\d+)\r\nHD\r\nHD (?!\1 )c\d+ X W\r\n$/,
  },
  {
    name: "ms makes a stale item fresh",
    send: "ms a 1\r\nx\r\nmd a I\r\nms a 1\r\ny\r\nmg a v\r\n",
    expect: "HD\r\nHD\r\nHD\r\nVA 1\r\ny\r\n",
  },
  {
    name: "ms with MA makes a stale item fresh",
    send: "ms a 1\r\nx\r\nmd a I\r\nms a 1 MA\r\ny\r\nmg a v\r\n",
    expect: "HD\r\nHD\r\nHD\r\nVA 2\r\nxy\r\n",
  },
  {
    name: "ms with I and an older C stores what is stale, and leaves time and lease",
    send: "ms a 1 T100\r\nx\r\nmd a I T30\r\nmg a\r\nms a 1 I C1 T0\r\ny\r\nmg a v t\r\n",
    expect: /^HD\r\nHD\r\nHD X W\r\nHD\r\nVA 1 t(30|29) Z X\r\ny\r\n$/,
  },
  {
    name: "ms with I and an older C makes a fresh item stale",
    send: "ms b 1\r\nx\r\nms a 1\r\nx\r\nms a 1 I C1\r\ny\r\nmg a v\r\n",
    expect: "HD\r\nHD\r\nHD\r\nVA 1 X W\r\ny\r\n",
  },
  {
    name: "ms with I and a higher C stores nothing",
    send: "ms a 1\r\nx\r\nms a 1 I C18446744073709551615\r\ny\r\nms a 1 I C0\r\ny\r\n",
    expect: "HD\r\nEX\r\nEX\r\n",
  },
  {
    name: "ms with I but no C stores what is fresh",
    send: "ms a 1\r\nx\r\nmd a I\r\nms a 1 I\r\ny\r\nmg a v\r\n",
    expect: "HD\r\nHD\r\nHD\r\nVA 1\r\ny\r\n",
  },
  {
    name: "get reads a stale item, and a lease, as any other",
    send: "ms a 1\r\nx\r\nmd a I\r\nmg b N30\r\nget a b\r\n",
    expect: "HD\r\nHD\r\nHD W\r\nVALUE a 0 1\r\nx\r\nVALUE b 0 0\r\n\r\nEND\r\n",
  },
  {
    name: "incr and ma leave a number stale that does not grow",
    send: "ms n 1\r\n5\r\nmd n I\r\nma n\r\nincr n 1\r\nmg n v\r\n",
    expect: "HD\r\nHD\r\nHD\r\n7\r\nVA 1 X W\r\n7\r\n",
  },
  {
    name: "ma makes a stale number fresh where it grows",
    send: "ms n 1\r\n9\r\nmd n I\r\nma n\r\nmg n v\r\n",
    expect: "HD\r\nHD\r\nHD\r\nVA 2\r\n10\r\n",
  },
];
