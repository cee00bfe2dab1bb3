/** What is said of a value that has a certain cas unique, where the server itself does not say it. @module */

/** A mark. */
export interface Mark {
  /** The cas unique of the value that it is about. */
  readonly cas: bigint;
  /** The text whose item tells by expiring that the value is no longer fresh; absent for one that is stale. */
  readonly freshness?: string;
}

const STALE = "stale";

/** Writes a mark as the text of an item. */
export function formatMark({ cas, freshness = STALE }: Mark): string {
  return `${cas} ${freshness}`;
}

/** Reads a mark; what is none, since somebody else has stored something there, says nothing. */
export function parseMark(text: string): Mark | undefined {
  const [, cas, freshness] = /^(\d{1,20}) ([\w-]+)$/.exec(text) ?? [];
  if (cas === undefined || freshness === undefined) return undefined;
  return { cas: BigInt(cas), ...(freshness === STALE ? {} : { freshness }) };
}
