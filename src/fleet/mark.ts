/** The content of a mark: data about a value with a certain cas unique, for servers that do not report it. @module */

/** A mark. */
export interface Mark {
  /** The cas unique of its value. */
  readonly cas: bigint;
  /** The text of the item that exists while the value is fresh; absent if the value is stale. */
  readonly freshness?: string;
}

const STALE = "stale";

/** Writes a mark as the text of an item. */
export function formatMark({ cas, freshness = STALE }: Mark): string {
  return `${cas} ${freshness}`;
}

/** Reads a mark; `undefined` if another program has stored something else there. */
export function parseMark(text: string): Mark | undefined {
  const [, cas, freshness] = /^(\d{1,20}) ([\w-]+)$/.exec(text) ?? [];
  if (cas === undefined || freshness === undefined) return undefined;
  return { cas: BigInt(cas), ...(freshness === STALE ? {} : { freshness }) };
}
