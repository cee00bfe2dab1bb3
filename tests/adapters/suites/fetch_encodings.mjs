/**
 * Fetches the same text in each of the encodings that ENCODINGS names from ORIGIN, and prints which of them fetch has
 * decoded, and of which the cache stores no header.
 */

// deno-lint-ignore-file no-console

import process from "node:process";

const { storableHeaders } = await import(process.env.FRESHNESS);

const decoded = [];
const left = [];
for (const encoding of JSON.parse(process.env.ENCODINGS)) {
  const response = await fetch(`${process.env.ORIGIN}/?${encodeURIComponent(encoding)}`);
  if (await response.text() === process.env.TEXT) decoded.push(encoding);
  if (!storableHeaders(response).some(([name]) => name === "content-encoding")) left.push(encoding);
}
console.log(JSON.stringify({ decoded, left }));
