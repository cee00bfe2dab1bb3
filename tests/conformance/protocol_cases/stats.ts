/** `stats`. */

import type { Exchange } from "../protocol_conformance.ts";

/** `stats`. */
export const statsExchanges: readonly Exchange[] = [
  {
    name: "stats answers names and values",
    send: "stats\r\n",
    expect: /^(STAT \w+ \S+\r\n){60,}END\r\n$/,
  },
  {
    name: "stats begins with the process",
    send: "stats\r\n",
    expect: /^STAT pid \d+\r\nSTAT uptime \d+\r\nSTAT time \d+\r\nSTAT version 1\.6\.\d+\S*\r\n/,
  },
  {
    name: "stats counts hits and misses of get",
    send: "stats reset\r\nset a 0 0 1\r\nx\r\nget a b c a\r\nstats\r\n",
    expect:
      /STAT cmd_get 4\r\nSTAT cmd_set 1\r\n(STAT \w+ \d+\r\n)*STAT get_hits 2\r\nSTAT get_misses 2\r\n/,
  },
  {
    name: "stats counts hits and misses of gat as those of touch",
    send: "stats reset\r\nset a 0 0 1\r\nx\r\ngat 0 a b\r\ntouch c 0\r\nstats\r\n",
    expect:
      /STAT cmd_get 0\r\n(STAT \w+ \d+\r\n)*STAT cmd_touch 3\r\n(STAT \w+ \d+\r\n)*STAT get_hits 0\r\n(STAT \w+ \d+\r\n)*STAT touch_hits 1\r\nSTAT touch_misses 2\r\n/,
  },
  {
    name: "stats counts hits and misses of delete, incr and decr",
    send:
      "stats reset\r\nset a 0 0 1\r\n5\r\nincr a 1\r\ndecr a 1\r\nincr b 1\r\ndecr b 1\r\ndelete a\r\ndelete a\r\nstats\r\n",
    expect:
      /STAT delete_misses 1\r\nSTAT delete_hits 1\r\nSTAT incr_misses 1\r\nSTAT incr_hits 1\r\nSTAT decr_misses 1\r\nSTAT decr_hits 1\r\n/,
  },
  {
    name: "stats counts what cas found",
    send:
      "stats reset\r\nset a 0 0 1\r\nx\r\ncas a 0 0 1 18446744073709551615\r\ny\r\ncas b 0 0 1 5\r\ny\r\nstats\r\n",
    expect:
      /STAT cmd_set 3\r\n(STAT \w+ \d+\r\n)*STAT cas_misses 1\r\nSTAT cas_hits 0\r\nSTAT cas_badval 1\r\n/,
  },
  {
    name: "stats counts what get found expired or flushed",
    send:
      "delete a\r\ndelete b\r\nstats reset\r\nset a 0 -1 1\r\nx\r\nset b 0 0 1\r\nx\r\nget a\r\nflush_all\r\nget b\r\nstats\r\n",
    expect: /STAT cmd_flush 1\r\n(STAT \w+ \d+\r\n)*STAT get_expired 1\r\nSTAT get_flushed 1\r\n/,
    later: /STAT cmd_flush 1\r\n(STAT \w+ \d+\r\n)*STAT get_expired 1\r\nSTAT get_flushed 0\r\n/,
  },
  {
    name: "stats counts values that are too large",
    send: `stats reset\r\nset a 0 0 1048576\r\n${"x".repeat(1024 * 1024)}\r\nstats\r\n`,
    expect: /STAT cmd_set 0\r\n(STAT \w+ \d+\r\n)*STAT store_too_large 1\r\n/,
  },
  {
    name: "stats counts items, and weighs them",
    send:
      "stats reset\r\ndelete a\r\ndelete b\r\nset a 0 0 1\r\nx\r\nset a 1 0 10\r\n0123456789\r\nstats\r\n",
    expect: /STAT bytes \d+\r\nSTAT curr_items \d+\r\nSTAT total_items 2\r\n/,
  },
  {
    name: "stats knows its memory limit",
    send: "stats\r\n",
    expect: /STAT limit_maxbytes 67108864\r\n/,
  },
  {
    name: "stats reset answers RESET",
    send: "stats reset\r\n",
    expect: "RESET\r\n",
  },
  {
    name: "stats items answers by slab class",
    send: "set a 0 0 1\r\nx\r\nstats items\r\n",
    expect:
      /^STORED\r\nSTAT items:1:number \d+\r\nSTAT items:1:number_hot \d+\r\n(STAT items:\d+:\w+ \d+\r\n)+END\r\n$/,
  },
  {
    name: "stats slabs answers by slab class",
    send: "set a 0 0 1\r\nx\r\nstats slabs\r\n",
    expect:
      /^STORED\r\nSTAT 1:chunk_size 96\r\nSTAT 1:chunks_per_page 10922\r\nSTAT 1:total_pages 1\r\n(STAT \d+:\w+ \d+\r\n)+STAT active_slabs \d+\r\nSTAT total_malloced \d+\r\nEND\r\n$/,
  },
  {
    name: "stats sizes says that it is off",
    send: "stats sizes\r\n",
    expect: "STAT sizes_status disabled\r\nEND\r\n",
  },
  {
    name: "stats settings answers names and values",
    send: "stats settings\r\n",
    expect:
      /^STAT maxbytes 67108864\r\nSTAT maxconns \d+\r\n(STAT \w+ .+\r\n)*STAT item_size_max 1048576\r\n(STAT \w+ .+\r\n)*END\r\n$/,
  },
  {
    name: "stats settings knows what verbosity set",
    send: ["verbosity 1\r\n", "stats settings\r\n", "verbosity 0\r\n"],
    expect: /^OK\r\n(STAT \w+ .+\r\n)*STAT verbosity 1\r\n(STAT \w+ .+\r\n)*END\r\nOK\r\n$/,
  },
  {
    name: "stats conns answers the connections",
    send: "stats conns\r\n",
    expect:
      /STAT (\d+):addr tcp:127\.0\.0\.1:\d+\r\nSTAT \1:listen_addr tcp:127\.0\.0\.1:\d+\r\nSTAT \1:state conn_parse_cmd\r\nSTAT \1:secs_since_last_cmd \d+\r\n(STAT .+\r\n)*END\r\n$/,
  },
  {
    name: "stats detail counts by prefix while it is on",
    send:
      "stats reset\r\nstats detail on\r\nset p:1 0 0 1\r\nx\r\nget p:1 p:2 a\r\ndelete p:1\r\nstats detail off\r\nget p:3\r\nstats detail dump\r\n",
    expect:
      "RESET\r\nOK\r\nSTORED\r\nVALUE p:1 0 1\r\nx\r\nEND\r\nDELETED\r\nOK\r\nEND\r\nPREFIX p get 2 hit 1 set 1 del 1\r\nEND\r\n",
  },
  {
    name: "stats detail dump answers END where nothing was counted",
    send: "stats reset\r\nstats detail dump\r\n",
    expect: "RESET\r\nEND\r\n",
  },
  {
    name: "stats answers ERROR to a subcommand it does not know",
    send: "stats nonsense\r\n",
    expect: "ERROR\r\n",
  },
  {
    name: "stats treats noreply as a subcommand",
    send: "stats noreply\r\n",
    expect: "ERROR\r\n",
  },
  {
    name: "stats cachedump answers keys of a class",
    send: "stats cachedump 40 0\r\nstats cachedump 40 5 more\r\nstats cachedump 63 0\r\n",
    expect: "END\r\nEND\r\nEND\r\n",
  },
  {
    name: "stats cachedump refuses a class that there cannot be",
    send: "stats cachedump 64 0\r\nstats cachedump 200 0\r\n",
    expect: "CLIENT_ERROR Illegal slab id\r\nCLIENT_ERROR Illegal slab id\r\n",
  },
  {
    name: "stats cachedump refuses what is not a number",
    send: "stats cachedump x 0\r\nstats cachedump 1 x\r\nstats cachedump -1 0\r\n",
    expect: "CLIENT_ERROR bad command line format\r\n".repeat(3),
  },
  {
    name: "stats cachedump refuses a class without a limit",
    send: "stats cachedump 1\r\nstats cachedump\r\n",
    expect: "CLIENT_ERROR bad command line\r\nCLIENT_ERROR bad command line\r\n",
  },
];
