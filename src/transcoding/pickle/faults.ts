import { ClientException, quote, ValidationException } from "../../errors.ts";

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
