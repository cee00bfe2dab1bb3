/**
 * The version the server says it is: memcached's whose answers it gives, and a word that tells the
 * two apart.
 */
export const VERSION = "1.6.18-moecache";
