/** Complex numbers. @module */

/**
 * A complex number. It is stored as Python's `complex`, and read from it.
 *
 * @example Storing and reading a complex number
 * ```ts
 * import { Client, Complex } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * await client.set("z", new Complex(1.5, -2)); // (1.5-2j) in Python
 * assertEquals(await client.get("z"), new Complex(1.5, -2));
 * ```
 */
export class Complex {
  /** The real part. */
  readonly real: number;
  /** The imaginary part. */
  readonly imag: number;

  /**
   * Makes the number `real + imag · i`.
   *
   * @param real The real part.
   * @param imag The imaginary part.
   */
  constructor(real: number, imag: number) {
    this.real = real;
    this.imag = imag;
  }
}
