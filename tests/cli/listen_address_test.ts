/** Commands that listen, on an address that they cannot have. */

import { assertEquals } from "@std/assert";
import { moecache } from "./fake_terminal.ts";

const COMMANDS = ["serve", "exporter -s 127.0.0.1:1", "web -s 127.0.0.1:1"];

for (const command of COMMANDS) {
  const [name] = command.split(" ");
  Deno.test(`${name} says which address is taken, and what to do`, async () => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const address = `127.0.0.1:${taken.addr.port}`;
    assertEquals(await moecache(`${command} --listen ${address}`), {
      code: 2,
      output: "",
      messages:
        `moecache: cannot listen on ${address}: the port is in use; give --listen another one, ` +
        "or port 0 for a free one\n",
    });
  });

  Deno.test(`${name} says that an address is another machine's`, async () => {
    // TEST-NET-3: no machine has it.
    assertEquals(await moecache(`${command} --listen 203.0.113.9:9`), {
      code: 2,
      output: "",
      messages:
        "moecache: cannot listen on 203.0.113.9:9: the host is not an address of this machine\n",
    });
  });
}
