import { assert } from "@std/assert";
import { busyTime } from "./busy_time.ts";

Deno.test("busyTime counts work, and no waiting where the system tells them apart", async () => {
  const begun = busyTime();
  for (const start = performance.now(); performance.now() - start < 20;);
  const worked = busyTime();
  assert(worked > begun);
  if (Deno.build.os !== "linux") return;
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert(busyTime() - worked < 190);
});
