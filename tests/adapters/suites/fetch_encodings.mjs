/**
 * Fetches the same text from ORIGIN in each encoding that ENCODINGS names. Prints the encodings that fetch has decoded,
 * and those whose header the cache does not store.
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
