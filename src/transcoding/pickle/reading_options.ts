/** The options for reading instances of a program's own classes. @module */

import { checkFunction, holdsNames, invalidOption } from "../../option_checks.ts";
import type { ReadInstance, ReadPickleOptions } from "./unpickler.ts";

/** What a caller may say of instances of classes that are read. */
export interface PickleReadingOptions {
  /** What makes values of instances, by the names of their classes. */
  readonly classes?: Readonly<Record<string, ReadInstance>> | undefined;
  /** Whether an instance of any other class becomes an `Unreadable`. */
  readonly keepUnreadable?: boolean | undefined;
  /** Whether a `Map` finds tuples by their items. */
  readonly tupleKeys?: boolean | undefined;
}

/**
 * Checks `classes`; the caller checks the types of the others.
 *
 * @returns What {@linkcode readPickle} takes, which the caller cannot change any more.
 * @throws {ValidationException} When one is invalid.
 */
export function checkReadingOptions(
  { classes, keepUnreadable, tupleKeys }: PickleReadingOptions,
): ReadPickleOptions {
  if (classes === undefined) return { keepUnreadable, tupleKeys };
  if (!holdsNames(classes)) throw invalidOption("classes", classes, "a plain object");
  for (const [name, read] of Object.entries(classes)) checkFunction(`classes["${name}"]`, read);
  return { keepUnreadable, tupleKeys, classes: { ...classes } };
}
