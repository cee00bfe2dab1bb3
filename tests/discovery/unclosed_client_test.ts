import { assert, assertEquals } from "@std/assert";

Deno.test("Client keeps a process alive only while an operation waits for servers", async () => {
  const script = new URL("unclosed_client.ts", import.meta.url);
  const signal = AbortSignal.timeout(60_000);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", script.pathname],
    signal,
  }).output();
  assert(success && !signal.aborted, new TextDecoder().decode(stderr));
  const line = 'Cannot discover servers through registry: gone, not sent: get key "key"\n';
  assertEquals(new TextDecoder().decode(stdout), line + line);
});
