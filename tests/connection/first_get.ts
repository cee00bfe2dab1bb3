/** Gets a key for the first time in a process, and prints which of the global timers that has touched. */

const touched: string[] = [];
for (
  const name of ["Timeout", "Interval", "Immediate"].flatMap((
    kind,
  ) => [`set${kind}`, `clear${kind}`])
) {
  const own = Reflect.get(globalThis, name);
  Object.defineProperty(globalThis, name, {
    get() {
      touched.push(name);
      return own;
    },
  });
}

const { Client } = await import("../../mod.ts");
const [server, options] = Deno.args;
const client = new Client(server!, JSON.parse(options!));
await client.get("key");
await client.close();
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(touched)));
