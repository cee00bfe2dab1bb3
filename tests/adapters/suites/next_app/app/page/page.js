import { cacheLife, cacheTag } from "next/cache";
import { createElement } from "react";

/** A page that is rendered once. */
export default async function Page() {
  "use cache";
  cacheTag("page");
  cacheLife("days");
  return createElement("p", null, await crypto.randomUUID());
}
