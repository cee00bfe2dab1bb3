/** A longer trial: `MOECACHE_LEASE_ROUNDS=20000 deno test -A tests/features/lease_model_test.ts`. */

import { assertEquals } from "@std/assert";
import { Random, withSeed } from "../chaos/random.ts";
import { type LeaseTrial, tryLeases } from "./lease_model.ts";

const ROUNDS = Number(Deno.env.get("MOECACHE_LEASE_ROUNDS") ?? 100);

const TRIALS: Readonly<Record<string, Omit<LeaseTrial, "rounds" | "random">>> = {
  "meta commands": {},
  "classic commands": { options: { dialect: "classic" } },
  "what 1.5.16 knows": { imitate: "1.5.16" },
  "what 1.6.6 knows": { imitate: "1.6.6" },
  "classic commands over several connections": {
    options: { dialect: "classic", connections: 3 },
  },
};

for (const [name, trial] of Object.entries(TRIALS)) {
  Deno.test(`by ${name}, a value that was computed before a change is never fresh`, () =>
    withSeed(async (seed) => {
      const random = new Random(seed);
      const { needless, outdated } = await tryLeases({ ...trial, rounds: ROUNDS, random });
      assertEquals(outdated, []);
      assertEquals(needless, 0);
    }));
}
