import { unstable_cache } from "next/cache";
import { connection } from "next/server";

const made = unstable_cache(() => Promise.resolve(crypto.randomUUID()), ["data"], {
  tags: ["data"],
});

/** Data as Next 15 keeps it. */
export async function GET() {
  await connection();
  return new Response(await made());
}
