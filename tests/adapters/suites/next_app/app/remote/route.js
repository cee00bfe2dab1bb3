import { cacheLife, cacheTag } from "next/cache";

async function made(name, length) {
  "use cache: remote";
  cacheTag(`remote:${name}`);
  cacheLife("days");
  return await crypto.randomUUID() + "text".repeat(length / 4);
}

/** What is computed once, of any length: `/remote?name=a&length=0`. */
export async function GET(request) {
  const { searchParams } = new URL(request.url);
  return new Response(await made(searchParams.get("name"), Number(searchParams.get("length"))));
}
