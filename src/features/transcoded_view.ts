/** A view with another value format: the commands on keys over any session. @module */

import type { KeyCommands } from "../commands/key_commands.ts";
import { type Session, setSession } from "../commands/session.ts";
import {
  add,
  append,
  cas,
  decr,
  deleteKey,
  deleteMany,
  get,
  getAndTouch,
  getMany,
  gets,
  incr,
  prepend,
  replace,
  set,
  setMany,
  touch,
} from "../commands/traced.ts";
import { getOrSet, inspect, invalidate, update } from "./lazy_features.ts";
import { locate } from "./locate.ts";

/** Makes the commands of a session. */
export function keyCommandsOf(session: Session): KeyCommands {
  const commands: KeyCommands = {
    get: (...args) => get(session, ...args),
    getMany: (...args) => getMany(session, ...args),
    gets: (...args) => gets(session, ...args),
    getAndTouch: (...args) => getAndTouch(session, ...args),
    set: (...args) => set(session, ...args),
    setMany: (...args) => setMany(session, ...args),
    add: (...args) => add(session, ...args),
    replace: (...args) => replace(session, ...args),
    append: (...args) => append(session, ...args),
    prepend: (...args) => prepend(session, ...args),
    cas: (...args) => cas(session, ...args),
    incr: (...args) => incr(session, ...args),
    decr: (...args) => decr(session, ...args),
    touch: (...args) => touch(session, ...args),
    delete: (...args) => deleteKey(session, ...args),
    deleteMany: (...args) => deleteMany(session, ...args),
    getOrSet: (...args) => getOrSet(session, ...args),
    update: (...args) => update(session, ...args),
    invalidate: (...args) => invalidate(session, ...args),
    inspect: (...args) => inspect(session, ...args),
    withTranscoder: (transcoder) => keyCommandsOf(session.withTranscoder(transcoder)),
    locate: (key) => locate(session, key),
  };
  setSession(commands, session);
  return commands;
}
