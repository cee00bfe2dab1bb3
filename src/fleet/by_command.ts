/** What depends on which command is sent: loaded together, since each needs to know them all. @module */

export { submitMoving } from "./migration.ts";
export { ProxyRouter } from "./proxy_router.ts";
