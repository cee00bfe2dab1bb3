import { AssertionError } from "./assertion_error.ts";
import { suffix } from "./format.ts";

/** A class of errors. */
// deno-lint-ignore no-explicit-any
export type ErrorConstructorOf<E extends Error> = abstract new (...args: any[]) => E;

/** What `assertThrows` and `assertRejects` were asked to expect. */
export interface ExpectedError {
  readonly ErrorClass?: ErrorConstructorOf<Error> | undefined;
  readonly msgIncludes?: string | undefined;
  readonly msg?: string | undefined;
}

/** Sorts the arguments `(msg?)` and `(ErrorClass, msgIncludes?, msg?)` apart. */
export function expectedError(
  classOrMsg?: ErrorConstructorOf<Error> | string,
  msgIncludes?: string,
  msg?: string,
): ExpectedError {
  return typeof classOrMsg === "string"
    ? { msg: classOrMsg }
    : { ErrorClass: classOrMsg, msgIncludes, msg };
}

/** Asserts that `error` is what was expected. */
export function assertExpected(error: unknown, expected: ExpectedError): void {
  const { ErrorClass, msgIncludes, msg } = expected;
  if (ErrorClass === undefined) return;
  if (!(error instanceof Error)) {
    throw new AssertionError(`A non-Error object was thrown${suffix(msg)}`);
  }
  const actualClass = error.constructor;
  if (!(error instanceof ErrorClass)) {
    throw new AssertionError(
      `Expected error to be instance of "${ErrorClass.name}", but was "${actualClass.name}"` +
        suffix(msg),
      { cause: error },
    );
  }
  if (msgIncludes !== undefined && !error.message.includes(msgIncludes)) {
    throw new AssertionError(
      `Expected error message to include ${JSON.stringify(msgIncludes)}, but got ` +
        JSON.stringify(error.message) + suffix(msg),
      { cause: error },
    );
  }
}
