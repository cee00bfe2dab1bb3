/** What other programs call a server. @module */

/** A server's name as C, Ruby and Python programs have it: an IPv6 address without its brackets. */
export function bareName(name: string): string {
  return name.replace(/^\[(.*)\](?=:\d+$)/, "$1");
}

/**
 * What libmemcached hashes, and twemproxy and npm `memcached` after it: without memcached's own port. For
 * libmemcached the port of a unix socket is 0.
 */
export function shortName(name: string): string {
  return isPath(name) ? `${name}:0` : bareName(name).replace(/:11211$/, "");
}

/** What libmemcached hashes where it writes every port. */
export function fullName(name: string): string {
  return isPath(name) ? `${name}:0` : bareName(name);
}

function isPath(name: string): boolean {
  return name.startsWith("/");
}
