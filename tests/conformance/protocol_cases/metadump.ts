/** `lru_crawler`, and `metadump` most of all. */

import type { Exchange } from "../protocol_conformance.ts";

/** `lru_crawler`, and `metadump` most of all. */
export const metadumpExchanges: readonly Exchange[] = [
  {
    name: "metadump answers END where there is no item",
    send: "lru_crawler metadump all\r\n",
    expect: "END\r\n",
    endsWith: "END\r\n",
    later: "OK\r\nEND\r\n",
  },
  {
    name: "metadump answers a line for each item",
    send: ["ms a 1\r\nx\r\nms b 2 F1 T100\r\nxx\r\nmg b\r\n", "lru_crawler metadump all\r\n"],
    expect:
      /^HD\r\nHD\r\nHD\r\n(?=[^]*^key=a exp=-1 la=\d{10} cas=\d+ fetch=no cls=1 size=61$)(?=[^]*^key=b exp=\d{10} la=\d{10} cas=\d+ fetch=yes cls=1 size=66$)(key=.*\n){2}END\r\n$/m,
    endsWith: "END\r\n",
    later:
      /^HD\r\nHD\r\nHD\r\nOK\r\n(?=[^]*^key=a exp=-1 la=\d{10} cas=\d+ fetch=no cls=1 size=61 flags=0 $)(?=[^]*^key=b exp=\d{10} la=\d{10} cas=\d+ fetch=yes cls=1 size=66 flags=1 $)(key=.*\n){2}END\r\n$/m,
  },
  {
    name: "metadump walks the hash table as well",
    send: ["ms a 1\r\nx\r\n", "lru_crawler metadump hash\r\n"],
    expect: /^HD\r\nkey=a .*\nEND\r\n$/,
    endsWith: "END\r\n",
    later: /^HD\r\nOK\r\nkey=a .*\nEND\r\n$/,
  },
  {
    name: "metadump answers the items of some classes only",
    send: ["ms a 1\r\nx\r\n", "lru_crawler metadump 2,3\r\n"],
    expect: "HD\r\nEND\r\n",
    endsWith: "END\r\n",
    later: "HD\r\nOK\r\nEND\r\n",
  },
  {
    name: "metadump escapes keys as in a URL",
    send: ['set -._~%/\xe9"A9 0 0 1\r\nx\r\n', "lru_crawler metadump 1,2\r\n"],
    expect: /^STORED\r\nkey=-\._~%25%2F%E9%22A9 exp=.*\nEND\r\n$/,
    endsWith: "END\r\n",
    later: /^STORED\r\nOK\r\nkey=-\._~%25%2F%E9%22A9 exp=.*\nEND\r\n$/,
  },
  {
    name: "metadump leaves out what has expired, and what was flushed",
    send: ["ms a 1 T-1\r\nx\r\nms b 1\r\nx\r\nflush_all\r\n", "lru_crawler metadump all\r\n"],
    expect: "HD\r\nHD\r\nOK\r\nEND\r\n",
    endsWith: "END\r\n",
    later: "HD\r\nHD\r\nOK\r\nOK\r\nEND\r\n",
  },
  {
    name: "metadump after mn in one packet is answered",
    send: ["ms a 1\r\nx\r\n", "mn\r\nlru_crawler metadump all\r\n"],
    expect: /^HD\r\nMN\r\nkey=a .*\nEND\r\n$/,
    endsWith: "END\r\n",
    later: /^HD\r\nMN\r\nOK\r\nkey=a .*\nEND\r\n$/,
  },
  {
    name: "metadump after other commands in one packet is an ERROR",
    send: "mg a\r\nlru_crawler metadump all\r\nmg a q\r\nlru_crawler metadump all\r\n",
    expect:
      "EN\r\nERROR cannot pipeline other commands before metadump\r\nERROR cannot pipeline other commands before metadump\r\n",
    atOnce: true,
  },
  {
    name: "metadump refuses class 0, and class 64",
    send: ["lru_crawler metadump 0\r\n", "lru_crawler metadump 1,64\r\n"],
    expect: "BADCLASS invalid class id\r\nBADCLASS invalid class id\r\n",
    atOnce: true,
  },
  {
    name: "metadump answers ERROR without an argument, and with two",
    send: "lru_crawler metadump\r\nlru_crawler metadump all more\r\n",
    expect: "ERROR\r\nERROR\r\n",
  },
  {
    name: "mgdump, which came later, is an ERROR",
    send: "lru_crawler mgdump all\r\n",
    expect: "ERROR\r\n",
    later: /^OK\r\n(mg .*\r\n)*EN\r\n$/,
    laterEndsWith: "EN\r\n",
  },
  {
    name: "lru_crawler crawl answers OK, or what is wrong with it",
    send: ["lru_crawler crawl hash\r\nlru_crawler crawl 64\r\nlru_crawler crawl x\r\n"],
    expect:
      "ERROR an unknown error happened\r\nBADCLASS invalid class id\r\nBADCLASS invalid class id\r\n",
  },
  {
    name: "lru_crawler is enabled already",
    send: "lru_crawler enable\r\n",
    expect: "ERROR failed to start lru crawler thread\r\n",
  },
  {
    name: "lru_crawler takes numbers it may be tuned with",
    send:
      "lru_crawler tocrawl 0\r\nlru_crawler tocrawl x\r\nlru_crawler sleep 100\r\nlru_crawler sleep 1000001\r\nlru_crawler sleep x\r\n",
    expect:
      "OK\r\nCLIENT_ERROR bad command line format\r\nOK\r\nCLIENT_ERROR sleep must be one second or less\r\nCLIENT_ERROR bad command line format\r\n",
  },
  {
    name: "lru_crawler answers ERROR to anything else",
    send:
      "lru_crawler\r\nlru_crawler more\r\nlru_crawler more more\r\nlru_crawler enable noreply\r\n",
    expect: "ERROR\r\nERROR\r\nERROR\r\nERROR\r\n",
    later: "ERROR\r\nERROR\r\nERROR\r\n",
  },
];
