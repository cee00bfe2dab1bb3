/** `mg`, `me` and `mn`. */

import type { Exchange } from "../protocol_conformance.ts";

const LONGEST_KEY = "k".repeat(250);

/** `mg`, `me` and `mn`. */
export const metaGetExchanges: readonly Exchange[] = [
  {
    name: "mg answers EN for a key that does not exist",
    send: "mg a v\r\n",
    expect: "EN\r\n",
  },
  {
    name: "mg answers HD where no value was asked for",
    send: "set a 0 0 1\r\nx\r\nmg a\r\n",
    expect: "STORED\r\nHD\r\n",
  },
  {
    name: "mg answers the value with v",
    send: "set a 0 0 3\r\nabc\r\nmg a v\r\n",
    expect: "STORED\r\nVA 3\r\nabc\r\n",
  },
  {
    name: "mg answers an empty value",
    send: "set a 0 0 0\r\n\r\nmg a v\r\n",
    expect: "STORED\r\nVA 0\r\n\r\n",
  },
  {
    name: "mg answers flags in the order they were asked for",
    send: "ms a 3 F7\r\nabc\r\nmg a t s f k O1 v\r\nmg a k v f t s O2\r\n",
    expect: "HD\r\nVA 3 t-1 s3 f7 ka O1\r\nabc\r\nVA 3 ka f7 t-1 s3 O2\r\nabc\r\n",
  },
  {
    name: "mg answers the CAS token with c",
    send: ["ms a 1\r\nx\r\n", "mg a c\r\n"],
    expect: /^HD\r\nHD c\d+\r\n$/,
  },
  {
    name: "mg answers with h whether the item was read before",
    send: "ms a 1\r\nx\r\nmg a h\r\nmg a h\r\n",
    expect: "HD\r\nHD h0\r\nHD h1\r\n",
  },
  {
    name: "mg with u does not count as a read",
    send: "ms a 1\r\nx\r\nmg a u h\r\nmg a u\r\nmg a h\r\n",
    expect: "HD\r\nHD h0\r\nHD\r\nHD h0\r\n",
  },
  {
    name: "mg answers with l how long ago the item was used",
    send: "ms a 1\r\nx\r\nmg a l\r\n",
    expect: /^HD\r\nHD l\d\r\n$/,
  },
  {
    name: "mg answers with t how long the item has to live",
    send: "ms a 1 T100\r\nx\r\nmg a t\r\n",
    expect: /^HD\r\nHD t(100|99|98)\r\n$/,
  },
  {
    name: "mg answers with t the time before T, or the one after",
    send: "ms a 1\r\nx\r\nmg a t T100\r\nmg a T200 t\r\n",
    expect: /^HD\r\nHD t-1\r\nHD t(200|199)\r\n$/,
  },
  {
    name: "mg lets an item expire with a negative T, whose t is a large number",
    send: "ms a 1\r\nx\r\nmg a T-1 t\r\nmg a\r\n",
    expect: /^HD\r\nHD t42949\d{5}\r\nEN\r\n$/,
  },
  {
    name: "mg answers opaque and key with EN",
    send: "mg a k O12\r\n",
    expect: "EN ka O12\r\n",
  },
  {
    name: "mg sends nothing with q where there is no item",
    send: "mg a q\r\nmg a q v k O1\r\nmn\r\n",
    expect: "MN\r\n",
  },
  {
    name: "mg answers a hit with q as well",
    send: "set a 0 0 1\r\nx\r\nmg a q v O1\r\nmg a q\r\n",
    expect: "STORED\r\nVA 1 O1\r\nx\r\nHD\r\n",
  },
  {
    name: "mg takes an opaque of 31 bytes",
    send: "mg a Oxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n",
    expect: "EN Oxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n",
  },
  {
    name: "mg refuses an opaque of 32 bytes",
    send: "mg a Oxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n",
    expect: "CLIENT_ERROR opaque token too long\r\n",
  },
  {
    name: "mg changes what comes before an opaque that is too long",
    send: "ms a 1\r\nx\r\nmg a T100 Oxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx v\r\nmg a t\r\n",
    expect: /^HD\r\nCLIENT_ERROR opaque token too long\r\nHD t(100|99)\r\n$/,
  },
  {
    name: "mg takes an opaque of nothing",
    send: "mg a O\r\n",
    expect: "EN O\r\n",
  },
  {
    name: "mg refuses a flag twice",
    send: "mg a v v\r\n",
    expect: "CLIENT_ERROR duplicate flag\r\n",
  },
  {
    name: "mg refuses an opaque twice",
    send: "mg a O1 O2\r\n",
    expect: "CLIENT_ERROR duplicate flag\r\n",
  },
  {
    name: "mg refuses a flag it does not know",
    send: "mg a x\r\n",
    expect: "CLIENT_ERROR invalid flag\r\n",
    later: "EN\r\n",
  },
  {
    name: "mg refuses E, which came later",
    send: "mg a E1\r\n",
    expect: "CLIENT_ERROR invalid flag\r\n",
    later: "EN\r\n",
  },
  {
    name: "mg treats a flag beyond ASCII as a duplicate",
    send: "mg a \xff\r\n",
    expect: "CLIENT_ERROR duplicate flag\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "mg ignores C, which came later",
    send: "set a 0 0 1\r\nx\r\nmg a C1 v\r\n",
    expect: "STORED\r\nVA 1\r\nx\r\n",
  },
  {
    name: "mg ignores flags of other commands and of proxies",
    send: "set a 0 0 1\r\nx\r\nmg a I MS F1 D1 J1 P1 L1 v\r\n",
    expect: "STORED\r\nVA 1\r\nx\r\n",
  },
  {
    name: "mg ignores what follows a letter that takes nothing",
    send: "set a 0 0 1\r\nx\r\nmg a very key\r\n",
    expect: "STORED\r\nVA 1 ka\r\nx\r\n",
  },
  {
    name: "mg refuses a time that is not a number",
    send: "mg a Tx\r\n",
    expect: "CLIENT_ERROR bad token in command line format\r\n",
  },
  {
    name: "mg refuses client flags that are no number",
    send: "mg a Fx\r\n",
    expect: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "mg refuses with the last fault but that of F",
    send: "mg a Tx Fx\r\nmg a Fx Jx\r\nmg a Jx M\r\n",
    expect:
      "CLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR invalid numeric initial value\r\nCLIENT_ERROR incorrect length for M token\r\n",
    later:
      "CLIENT_ERROR bad token in command line format\r\nCLIENT_ERROR invalid numeric initial value\r\nCLIENT_ERROR invalid numeric initial value\r\n",
  },
  {
    name: "mg answers errors with q as well",
    send: "mg a q x\r\nmg a q Oxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n",
    expect: "CLIENT_ERROR invalid flag\r\nCLIENT_ERROR opaque token too long\r\n",
    later: "CLIENT_ERROR opaque token too long\r\n",
  },
  {
    name: "mg answers ERROR without a key",
    send: "mg\r\n",
    expect: "ERROR\r\n",
    later: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "mg finds a key of 250 bytes",
    send: `mg ${LONGEST_KEY}\r\n`,
    expect: "EN\r\n",
  },
  {
    name: "mg refuses a key of 251 bytes",
    send: `mg ${LONGEST_KEY}k\r\n`,
    expect: "CLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "mg reads 17 flags",
    send: "mg a b c f h k l O q s t u v N0 R0 T0 P L\r\n",
    expect: "CLIENT_ERROR error decoding key\r\n",
  },
  {
    name: "mg refuses 18 flags",
    send: "mg a b c f h k l O q s t u v N0 R0 T0 P L I\r\n",
    expect: "CLIENT_ERROR options flags are too long\r\n",
    later: "CLIENT_ERROR error decoding key\r\n",
  },
  {
    name: "mg reads a key in base64",
    send: "set foo 0 0 1\r\nx\r\nmg Zm9v b v\r\n",
    expect: "STORED\r\nVA 1\r\nx\r\n",
  },
  {
    name: "mg answers a key in base64 as it was stored: as text",
    send: "set foo 0 0 1\r\nx\r\nmg Zm9v b k\r\n",
    expect: "STORED\r\nHD kfoo\r\n",
  },
  {
    name: "mg answers a key in base64 as it was stored: as base64",
    send: "ms Zm9v 1 b\r\nx\r\nmg foo k\r\nmg Zm9v b k\r\n",
    expect: "HD\r\nHD kZm9v b\r\nHD kZm9v b\r\n",
  },
  {
    name: "mg answers EN with the key in base64 as it came, encoded again",
    send: "mg Zm-9v! b k\r\n",
    expect: "EN kZm9v b\r\n",
  },
  {
    name: "mg reads base64 up to its first padding",
    send: "set a 0 0 1\r\nx\r\nmg YQ==Zm9v b k\r\n",
    expect: "STORED\r\nHD ka\r\n",
  },
  {
    name: "mg refuses base64 without its padding",
    send: "mg Zg b\r\n",
    expect: "CLIENT_ERROR error decoding key\r\n",
  },
  {
    name: "mg refuses base64 of padding only",
    send: "mg ==== b\r\nmg A=== b\r\n",
    expect: "CLIENT_ERROR error decoding key\r\nCLIENT_ERROR error decoding key\r\n",
  },
  {
    name: "mg reads a base64 key of any bytes",
    send: "ms AAoN 1 b\r\nx\r\nmg AAoN b v k\r\n",
    expect: "HD\r\nVA 1 kAAoN b\r\nx\r\n",
  },
  {
    name: "mn answers MN",
    send: "mn\r\n",
    expect: "MN\r\n",
  },
  {
    name: "mn ignores all arguments",
    send: "mn O1 q\r\n",
    expect: "MN\r\n",
  },
  {
    name: "another letter after the m is an ERROR",
    send: "mx a\r\n",
    expect: "ERROR\r\n",
  },
  {
    name: "me answers EN for a key that does not exist",
    send: "me a\r\n",
    expect: "EN\r\n",
  },
  {
    name: "me answers what there is to know of an item",
    send: "ms a 1\r\nx\r\nme a\r\n",
    expect: /^HD\r\nME a exp=-1 la=\d cas=\d+ fetch=no cls=1 size=61\r\n$/,
  },
  {
    name: "me answers the time to live as a negative number",
    send: "ms a 1 T100\r\nx\r\nmg a\r\nme a\r\n",
    expect: /^HD\r\nHD\r\nME a exp=-(100|99) la=\d cas=\d+ fetch=yes cls=1 size=61\r\n$/,
    later: /^HD\r\nHD\r\nME a exp=100 la=0 cas=\d+ fetch=yes cls=1 size=61\r\n$/,
  },
  {
    name: "me answers a key in base64 as it was stored",
    send: "ms Zm9v 1 b\r\nx\r\nme foo\r\nme Zm9v b\r\n",
    expect: /^HD\r\n(ME Zm9v exp=-1 la=\d cas=\d+ fetch=no cls=1 size=63\r\n){2}$/,
    later: /^HD\r\nME Zm9v exp=-1 la=0 cas=\d+ fetch=no cls=1 size=63\r\nEN\r\n$/,
  },
  {
    name: "me refuses no key and one of 251 bytes",
    send: `me\r\nme ${LONGEST_KEY}k\r\n`,
    expect: "CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "me sorts items as memcached does",
    send: `ms a 1000\r\n${"x".repeat(1000)}\r\nme a\r\nms a 600000\r\n${
      "x".repeat(600_000)
    }\r\nme a\r\n`,
    expect: /^HD\r\nME a .* cls=12 size=1060\r\nHD\r\nME a .* cls=39 size=600060\r\n$/,
  },
];
