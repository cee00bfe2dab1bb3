import { assertEquals } from "@std/assert";
import { Connections } from "../../src/observing/otel/connections.ts";

const SERVER = { serverAddress: "10.0.0.1", serverPort: 11211, client: "named" };

Deno.test("OpenTelemetry's count of connections takes separate ones as used until they are closed", () => {
  const connections = new Connections();
  const shared = { ...SERVER, tls: false, connectionEpoch: 1 };
  const separate = { ...SERVER, tls: false, connectionEpoch: 2, isSeparate: true } as const;
  connections.opened(shared);
  connections.opened(separate);
  assertEquals(connections.counts(), new Map([["named", { used: 1, idle: 1 }]]));
  connections.closed(separate);
  assertEquals(connections.counts(), new Map([["named", { used: 0, idle: 1 }]]));
});
