/**
 * Stores of sessions: for npm's `express-session`, for Hono's `hono-sessions` and `@hono/session`, and for React Router
 * and Remix. None of these packages is imported.
 *
 * @example Express
 * ```ts ignore
 * import express from "express";
 * import session from "express-session";
 * import { moecacheSessionStore } from "@moecache/moecache/session";
 *
 * const store = moecacheSessionStore(session, { servers: "127.0.0.1:11211" });
 * const app = express();
 * app.use(session({ store, secret: "a secret", resave: false, saveUninitialized: false }));
 * ```
 *
 * @example Hono
 * ```ts ignore
 * import { Hono } from "hono";
 * import { sessionMiddleware } from "hono-sessions";
 * import { honoSessionsStore } from "@moecache/moecache/session";
 *
 * const store = honoSessionsStore({ servers: "127.0.0.1:11211" });
 * const app = new Hono();
 * app.use("*", sessionMiddleware({ store, expireAfterSeconds: 3600 }));
 * ```
 *
 * @example React Router and Remix
 * ```ts ignore
 * import { createSessionStorage } from "react-router";
 * import { sessionIdStrategy } from "@moecache/moecache/session";
 *
 * export const { getSession, commitSession, destroySession } = createSessionStorage({
 *   cookie: { name: "session", secrets: ["a secret"], maxAge: 3600 },
 *   ...sessionIdStrategy({ servers: "127.0.0.1:11211" }),
 * });
 * ```
 *
 * @module
 */

export {
  type ExpressSession,
  type MoecacheSession,
  type MoecacheSessionCallback,
  type MoecacheSessionMethods,
  moecacheSessionStore,
  moecacheSessionStore as default,
} from "./session/express_store.ts";
export {
  type HonoSessionsData,
  type HonoSessionsStore,
  honoSessionsStore,
} from "./session/hono_sessions_store.ts";
export {
  type HonoSessionStorage,
  honoSessionStorage,
  type HonoSessionStorageOptions,
} from "./session/hono_session_storage.ts";
export { type SessionIdStrategy, sessionIdStrategy } from "./session/session_id_strategy.ts";
export type { MoecacheSessionOptions } from "./session/sessions.ts";
