import { revalidatePath, revalidateTag } from "next/cache";

/** Revalidates a tag or a path: `/revalidate?tag=page&expire=3600`, `/revalidate?path=/page`. */
export function GET(request) {
  const { searchParams } = new URL(request.url);
  const [tag, path] = [searchParams.get("tag"), searchParams.get("path")];
  if (tag !== null) revalidateTag(tag, { expire: Number(searchParams.get("expire") ?? 0) });
  if (path !== null) revalidatePath(path);
  return new Response("revalidated");
}
