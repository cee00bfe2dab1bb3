import { unstable_cache } from "next/cache";
import { createElement } from "react";

export const revalidate = 3600;

const made = unstable_cache(() => Promise.resolve(crypto.randomUUID()), ["page"], {
  tags: ["page"],
});

/** A page that is rendered once, with data that is. */
export default async function Page() {
  return createElement("p", null, await made());
}
