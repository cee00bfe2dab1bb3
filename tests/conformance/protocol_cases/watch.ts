/** `watch`. */

import type { Exchange } from "../protocol_conformance.ts";
import type { Watching } from "../protocol_watching.ts";

/** What `watch` refuses. What it accepts turns the connection into one that answers nothing more. */
export const watchExchanges: readonly Exchange[] = [
  {
    name: "watch answers ERROR to a kind it does not know",
    send: "watch nonsense\r\nwatch fetchers nonsense\r\n",
    expect: "ERROR\r\nERROR cannot pipeline other commands before watch\r\n",
    atOnce: true,
  },
  {
    name: "watch answers ERROR to deletions, which came later",
    send: "watch deletions\r\n",
    expect: "ERROR\r\n",
    later: "OK\r\n",
    laterEndsWith: "OK\r\n",
  },
  {
    name: "watch after other commands in one packet is an ERROR",
    send: "mg a\r\nwatch\r\n",
    expect: "EN\r\nERROR cannot pipeline other commands before watch\r\n",
    atOnce: true,
  },
  {
    name: "watch after get or mn in one packet is read",
    send: "get a\r\nwatch nonsense\r\nmn\r\nwatch nonsense\r\n",
    expect: "END\r\nERROR\r\nMN\r\nERROR\r\n",
    atOnce: true,
    later: "END\r\nERROR cannot pipeline other commands before watch\r\nMN\r\nERROR\r\n",
  },
  {
    name: "watch treats noreply as a kind it does not know, and says nothing",
    send: "watch noreply\r\nwatch fetchers noreply\r\n",
    expect: "",
    later: "ERROR\r\nERROR cannot pipeline other commands before watch\r\n",
  },
];

/** What there is to watch. */
export const watchings: readonly Watching[] = [
  {
    name: "watch shows what every kind of command looks for",
    watch: "watch\r\n",
    send: "get w1\r\nms w1 2\r\nxx\r\nmg w1 v\r\ntouch w1 0\r\nincr w1 1\r\nme w1\r\nmd w1\r\n",
    expect: [
      "type=item_get key=w1 status=not_found clsid=0 cfd=N size=0",
      "type=item_get key=w1 status=not_found clsid=0 cfd=N size=0",
      "type=item_get key=w1 status=found clsid=1 cfd=N size=2",
      "type=item_get key=w1 status=found clsid=1 cfd=N size=2",
      "type=item_get key=w1 status=found clsid=1 cfd=N size=2",
      "type=item_get key=w1 status=found clsid=1 cfd=N size=2",
      "type=item_get key=w1 status=found clsid=1 cfd=N size=2",
    ],
  },
  {
    name: "watch fetchers escapes keys as in a URL",
    watch: "watch fetchers\r\n",
    send: "get w%/-._~\xff\r\n",
    expect: ["type=item_get key=w%25%2F-._~%FF status=not_found clsid=0 cfd=N size=0"],
  },
  {
    name: "watch fetchers shows the decoded key of base64",
    watch: "watch fetchers\r\n",
    send: "mg dzI= b\r\n",
    expect: ["type=item_get key=w2 status=not_found clsid=0 cfd=N size=0"],
  },
  {
    name: "watch mutations shows what was stored, what was not and why",
    watch: "watch mutations\r\n",
    send:
      "set w3 0 0 2\r\nxx\r\nadd w3 0 0 1\r\nx\r\nappend w3 0 0 1\r\nx\r\ncas w3 0 0 1 1\r\nx\r\n" +
      "replace w4 0 0 1\r\nx\r\nprepend w4 0 0 1\r\nx\r\ncas w4 0 0 1 1\r\nx\r\nms w3 1 MP\r\nx\r\n" +
      "ma w5 N0 J10\r\nma w5\r\nmg w6 N0\r\ndelete w3\r\n",
    expect: [
      "type=item_store key=w3 status=stored cmd=set ttl=0 clsid=1 cfd=N size=2",
      "type=item_store key=w3 status=not_stored cmd=add ttl=0 clsid=1 cfd=N size=1",
      "type=item_store key=w3 status=stored cmd=append ttl=0 clsid=1 cfd=N size=3",
      "type=item_store key=w3 status=exists cmd=cas ttl=0 clsid=1 cfd=N size=1",
      "type=item_store key=w4 status=not_stored cmd=replace ttl=0 clsid=1 cfd=N size=1",
      "type=item_store key=w4 status=not_stored cmd=prepend ttl=0 clsid=1 cfd=N size=1",
      "type=item_store key=w4 status=not_found cmd=cas ttl=0 clsid=1 cfd=N size=1",
      "type=item_store key=w3 status=stored cmd=prepend ttl=0 clsid=1 cfd=N size=4",
      "type=item_store key=w5 status=stored cmd=add ttl=0 clsid=1 cfd=N size=2",
    ],
  },
  {
    name: "watch shows several kinds in the order of events",
    watch: "watch mutations fetchers\r\n",
    send: "set w7 0 0 1\r\nx\r\nget w7\r\n",
    expect: [
      "type=item_get key=w7 status=not_found clsid=0 cfd=N size=0",
      "type=item_store key=w7 status=stored cmd=set ttl=0 clsid=1 cfd=N size=1",
      "type=item_get key=w7 status=found clsid=1 cfd=N size=1",
    ],
  },
  {
    name: "watch connevents shows new and closed connections",
    watch: "watch connevents\r\n",
    send: "quit\r\n",
    expect: [
      "type=conn_new rip=127.0.0.1 rport=N transport=tcp cfd=N",
      "type=conn_close rip=127.0.0.1 rport=N transport=tcp reason=normal cfd=N",
    ],
  },
  {
    name: "watch connevents shows connections that the server closed",
    watch: "watch connevents\r\n",
    send: "GET / HTTP/1.1\r\n",
    expect: [
      "type=conn_new rip=127.0.0.1 rport=N transport=tcp cfd=N",
      "type=conn_close rip=127.0.0.1 rport=N transport=tcp reason=error cfd=N",
    ],
  },
  {
    name: "watch answers no command that follows it",
    watch: "watch fetchers\r\nget w8\r\n",
    send: "get w9\r\n",
    expect: ["type=item_get key=w9 status=not_found clsid=0 cfd=N size=0"],
  },
  ...["evictions", "sysevents", "rawcmds", "proxyreqs", "proxyevents", "proxyuser"].map((kind) => ({
    name: `watch ${kind} is accepted`,
    watch: `watch fetchers ${kind}\r\n`,
    send: "get w10\r\n",
    expect: ["type=item_get key=w10 status=not_found clsid=0 cfd=N size=0"],
  })),
];
