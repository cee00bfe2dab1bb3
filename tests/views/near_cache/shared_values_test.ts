import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { assertEquals } from "@std/assert";
import { share } from "../../../src/views/near_cache/shared_values.ts";
import { turn } from "../../support/turns.ts";

Deno.test("share keeps the copy that it gives, and not the value that it has copied", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const { original, shared } = shareNew();
  await turn();
  collect();
  assertEquals(original.deref() === undefined, true);
  assertEquals(shared?.take(), new Uint8Array(1000));
});

/** In a function of its own, whose end gives up the value. */
function shareNew(): { original: WeakRef<object>; shared: ReturnType<typeof share> } {
  const value = new Uint8Array(1000);
  return { original: new WeakRef(value), shared: share(value) };
}
