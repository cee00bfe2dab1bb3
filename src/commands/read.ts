/** Reads items, and changes their exptime. @module */

import { SocketError } from "../errors.ts";
import { checkOptions, isPromise } from "../option_checks.ts";
import { TouchCommand } from "../protocol/commands/answer.ts";
import { type ReadItem, RetrievalCommand } from "../protocol/commands/retrieval.ts";
import { checkExptime, type Exptime } from "../protocol/exptime.ts";
import { checkKeys } from "../protocol/key.ts";
import { runMany } from "./many_keys.ts";
import { OPERATION_OPTIONS, type OperationOptions } from "./operation_options.ts";
import type { Session } from "./session.ts";

/** Gets the value of a key. */
export function get<Value>(
  session: Session,
  key: string,
  options?: OperationOptions,
): Promise<Value | undefined> {
  return session.ask(key, makeGet, options) as Promise<Value | undefined>;
}

function makeGet(session: Session, key: string): RetrievalCommand {
  session.checkKey(key, "get");
  return new RetrievalCommand("get", key, session.readItem);
}

/** Gets the values of many keys. */
export async function getMany<Value>(
  session: Session,
  keys: Iterable<string>,
  options?: OperationOptions,
): Promise<Map<string, Value>> {
  checkOptions(options, OPERATION_OPTIONS);
  const unique = checkKeys(keys, "get", session);
  const { readItem } = session;
  return await runMany<Value>("get", unique, (key, resolve, reject) => {
    const command = new RetrievalCommand("get", key, readItem);
    session.submit(key, command.settleBy(resolve as () => void, reject), options);
  }, options?.signal);
}

/** Gets the value of a key, and its cas unique. */
export function gets<Value>(
  session: Session,
  key: string,
  options?: OperationOptions,
): Promise<{ value: Value; cas: bigint } | undefined> {
  return session.ask(key, () => {
    session.checkKey(key, "gets");
    return new RetrievalCommand("gets", key, withCas(session));
  }, options) as Promise<{ value: Value; cas: bigint } | undefined>;
}

/** Gets the value of a key, and changes its exptime. */
export function getAndTouch<Value>(
  session: Session,
  key: string,
  exptime: Exptime,
  options?: OperationOptions,
): Promise<Value | undefined> {
  return session.ask(key, () => {
    session.checkKey(key, "get and touch");
    const verb = `gat ${checkExptime(exptime, Date.now, "needed")}`;
    return new RetrievalCommand(verb, key, session.readItem);
  }, options) as Promise<Value | undefined>;
}

/** Changes the exptime of an item. */
export function touch(
  session: Session,
  key: string,
  exptime: Exptime,
  options?: OperationOptions,
): Promise<boolean> {
  return session.ask(key, () => {
    session.checkKey(key, "touch");
    return new TouchCommand(key, checkExptime(exptime, Date.now, "needed"));
  }, options);
}

/** Makes the error for an item that came without the cas unique that was asked for. */
export function noCasError(): SocketError {
  return new SocketError("Cannot get cas unique: the server sent none");
}

function withCas(session: Session): ReadItem {
  return (flags, data, cas, key, carrier) => {
    const value = session.readItem(flags, data, cas, key);
    if (value === undefined) return undefined;
    if (cas === undefined) throw noCasError();
    session.setCarrier(key, cas, carrier);
    return isPromise(value) ? value.then((value) => ({ value, cas })) : { value, cas };
  };
}
