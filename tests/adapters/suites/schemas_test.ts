/** The view `typed` with schemas of zod, valibot and arktype: what they check, and the types that follow. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import { Client, ClientException, ValidationException } from "../../../mod.ts";
import { MemcachedServer } from "../../../src/testing/mod.ts";
// Not from their entry, since another view there imports a package that is not here.
import { tagged } from "../../../src/views/tagged.ts";
import { type Schema, typed } from "../../../src/views/typed.ts";

/** What is stored, and what it is read as. */
interface Stored {
  name: string;
  at: string;
}
interface Read {
  name: string;
  at: Date;
}

const zodSchema = z.object({ name: z.string(), at: z.string().transform((at) => new Date(at)) });
const valibotSchema = v.object({
  name: v.string(),
  at: v.pipe(v.string(), v.transform((at) => new Date(at))),
});
const arktypeSchema = type({ name: "string", at: "string.date.iso.parse" });

/** Compiles only where two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : never;

const SCHEMAS: Readonly<Record<string, Schema<Stored, Read>>> = {
  zod: zodSchema,
  valibot: valibotSchema,
  arktype: arktypeSchema,
};

for (const [name, schema] of Object.entries(SCHEMAS)) {
  Deno.test(`typed checks what is stored and read by a schema of ${name}`, async () => {
    await using server = await MemcachedServer.listen();
    await using client = new Client(server.address);
    for (const view of [typed(client, schema), typed(tagged(client.namespace("n:")), schema)]) {
      const at = "2026-01-02T03:04:05.000Z";
      await view.set("a", { name: "Ada", at }, 60);
      assertEquals(await view.get("a"), { name: "Ada", at: new Date(at) });
      assertEquals(await view.getOrSet("b", () => ({ name: "Bob", at })), {
        name: "Bob",
        at: new Date(at),
      });
      const updated = await view.update("a", (old) => ({ name: `${old?.name}!`, at }));
      assertEquals(updated, { name: "Ada!", at: new Date(at) });
      assertEquals((await view.getMany(["a", "b", "c"])).size, 2);
      const wrong = { name: 5, at } as unknown as Stored;
      await assertRejects(() => view.set("a", wrong), ValidationException, "name");
      assertEquals((await view.get("a"))?.name, "Ada!");
    }
    await client.set("old", { name: 5 });
    assertEquals(await typed(client, schema).get("old"), undefined);
    const strict = typed(client, schema, { mismatch: "error" });
    await assertRejects(() => strict.get("old"), ClientException, "name");
  });
}

Deno.test("typed has the types of the schemas of zod, valibot and arktype", async () => {
  await using client = new Client("127.0.0.1:1");
  const views = [
    typed(client, zodSchema),
    typed(client, valibotSchema),
    typed(client, arktypeSchema),
  ] as const;
  // A command's own type parameter is what the schema gives, where a caller does not say another.
  const reads = [
    () => views[0].get("a"),
    () => views[1].get("a"),
    () => views[2].get("a"),
  ] as const;
  const read: [
    Same<Awaited<ReturnType<typeof reads[0]>>, { name: string; at: Date } | undefined>,
    Same<Awaited<ReturnType<typeof reads[1]>>, { name: string; at: Date } | undefined>,
    Same<Awaited<ReturnType<typeof reads[2]>>, { name: string; at: Date } | undefined>,
  ] = [true, true, true];
  const stored: [
    Same<Parameters<typeof views[0]["set"]>[1], { name: string; at: string }>,
    Same<Parameters<typeof views[1]["set"]>[1], { name: string; at: string }>,
    Same<Parameters<typeof views[2]["set"]>[1], { name: string; at: string }>,
  ] = [true, true, true];
  assert([...read, ...stored].every(Boolean));
  for (const view of views) {
    // @ts-expect-error -- the schema takes a string
    const storing = () => view.set("a", { name: 5, at: "2026-01-01" });
    await assertRejects(storing, ValidationException, "name");
  }
});
