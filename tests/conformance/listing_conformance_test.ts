import { MemcachedServer } from "../../src/testing/mod.ts";
import { dialNode } from "../../src/transport/node.ts";
import { memcachedPath, MemcachedProcess } from "../support/memcached.ts";
import { describeListing } from "./listing_conformance.ts";

describeListing("the embedded server", () => MemcachedServer.listen());
describeListing("the embedded server, with Node's sockets", () => MemcachedServer.listen(), {
  dial: dialNode,
});
if (memcachedPath() !== undefined) {
  describeListing("memcached", () => MemcachedProcess.start());
  describeListing("memcached, with Node's sockets", () => MemcachedProcess.start(), {
    dial: dialNode,
  });
}
