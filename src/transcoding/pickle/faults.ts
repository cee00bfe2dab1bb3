import { ClientException, ValidationException } from "../../errors.ts";

/** Longest piece of a pickle or of a value that a message repeats. */
const MAX_QUOTED = 100;

/** What reading throws: the pickle is broken, or holds more than plain data. */
export function unreadable(state: string, cause?: unknown): ClientException {
  return new ClientException(
    `Cannot read pickle: ${state}`,
    undefined,
    cause === undefined ? undefined : { cause },
  );
}

/** What reading throws for a global that is not in the table of the understood ones. */
export function notPlainData(name: string): ClientException {
  return unreadable(`global ${quote(name)} is not plain data`);
}

/** What writing throws; `path` leads from the value that was given to the one at fault. */
export function unstorable(state: string, value: unknown, path = ""): ValidationException {
  const place = path === "" ? "" : ` at ${quote(path)}`;
  return new ValidationException(`Cannot store value: ${state}${place}`, value);
}

/** `text` in double quotes on one line, cut where it is long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text);
}
