/** Renders a page of the Pages Router again. */
export default async function handler(_request, response) {
  await response.revalidate("/old");
  response.send("revalidated");
}
