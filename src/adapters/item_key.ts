/** Any strings as keys of memcached. @module */

/** What hashed keys begin with. Escaping makes no such text: behind a `%` it puts a digit or a letter. */
const HASHED = "%#";

/**
 * Makes a key that memcached takes out of any string. What is not printable ASCII, and `%`, is escaped as
 * in a URL; what is then longer than there is room for becomes its SHA-256, 45 characters.
 *
 * @param text Any string.
 * @param longest How long the key may be, 45 characters at least.
 * @returns The key, which no other string has.
 */
export function itemKeyOf(text: string, longest: number): string | Promise<string> {
  const escaped = text.replace(/[^!-~]|%/gu, escape);
  return escaped.length <= longest ? escaped : hash(escaped);
}

/** Whether a key is hashed: the string it stands for can be had from its item only. */
export function isHashed(key: string): boolean {
  return key.startsWith(HASHED);
}

/** The string that a key stands for which is not hashed. */
export function textOfItemKey(key: string): string {
  return key.replace(/%u([\dA-F]{4})|(?:%[\dA-F]{2})+/g, (escaped, unit?: string) => {
    return unit === undefined
      ? decodeURIComponent(escaped)
      : String.fromCharCode(parseInt(unit, 16));
  });
}

function escape(character: string): string {
  // Half of a surrogate pair has no UTF-8.
  if (/^[\ud800-\udfff]$/.test(character)) {
    return `%u${character.charCodeAt(0).toString(16).toUpperCase()}`;
  }
  return encodeURIComponent(character);
}

async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const base64 = btoa(String.fromCharCode(...new Uint8Array(digest)));
  return HASHED + base64.replaceAll("+", "-").replaceAll("/", "_").replace("=", "");
}
