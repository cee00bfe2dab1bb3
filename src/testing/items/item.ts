/**
 * An item and its layout in memory.
 *
 * @module
 */

import { decodeLatin1 } from "../byte_text.ts";
import type { BlockPool } from "./block_pool.ts";
import { FIRST_LENGTH, HEADER_LENGTH, ItemBytes } from "./item_bytes.ts";

/** A client's flags: 32 bits, or 64 if the server supports them; a `bigint` only when a number cannot hold them. */
export type ClientFlags = number | bigint;

/** What a client stores. */
export interface ItemContent {
  /** The key, a character per byte. */
  readonly key: string;
  /** The value. It is copied. */
  readonly value: Uint8Array;
  readonly flags: ClientFlags;
  /** When it expires, in seconds since 1970; 0 means never, and -1 at once. */
  readonly exptime: number;
}

/** The memory of items: a pool of blocks for each length. */
export interface Blocks {
  /** The pool of the items' first blocks. */
  readonly first: BlockPool;
  /** For the others, by their kind. */
  readonly rest: readonly BlockPool[];
}

/** The word, in an item's first block, with the next item in its hash chain. */
export const NEXT_IN_CHAIN = 1;
/** The word, in an item's first block, with the item used before it. */
export const OLDER = 2;
/** The word, in an item's first block, with the item used after it. */
export const NEWER = 3;
/** The word, in an item's first block, with the hash of its key. */
export const HASH = 4;

const FLAGS_LOW = 5;
const FLAGS_HIGH = 6;
const EXPTIME = 7;
const LAST_ACCESS = 8;
const VALUE_LENGTH = 9;
const CAS_LOW = 10;
const CAS_HIGH = 11;
/** The length of the key, the slab class, the kind of blocks and marks: a byte each. */
const PROPERTIES = 12;
const SLAB_CLASS_SHIFT = 8;
const KIND_SHIFT = 16;
const BYTE = 0xff;

const FETCHED = 1 << 24;
const KEY_IS_BINARY = 1 << 25;
const STALE = 1 << 26;
const WIN_SENT = 1 << 27;
const REMOVED = 1 << 28;

/** An exptime of -1, as an unsigned word. */
const EXPIRED_WORD = 0xffffffff;
const TWO_TO_32 = 2 ** 32;

/** The properties of an item that never change. */
export interface ItemProperties {
  readonly keyLength: number;
  readonly valueLength: number;
  readonly slabClass: number;
  /** The kind of its blocks after the first. */
  readonly kind: number;
}

/** A stored item. It reads and writes the item's memory, and must not be used after the item has been freed. */
export class Item {
  /** The number of its first block. */
  readonly block: number;
  readonly #blocks: Blocks;
  readonly #words: Uint32Array;
  readonly #start: number;
  #key: string | undefined;

  /** Takes the memory, the number of the first block, and the key if it is known. */
  constructor(blocks: Blocks, block: number, key?: string) {
    this.#blocks = blocks;
    this.#words = blocks.first.wordsAround(block);
    this.#start = blocks.first.firstWord(block);
    this.block = block;
    this.#key = key;
  }

  /** The key, a character per byte. */
  get key(): string {
    return this.#key ??= this.#readKey();
  }

  /** Writes the properties that never change, and clears the marks. */
  initialize({ keyLength, valueLength, slabClass, kind }: ItemProperties): void {
    this.#set(PROPERTIES, keyLength | slabClass << SLAB_CLASS_SHIFT | kind << KIND_SHIFT);
    this.#set(VALUE_LENGTH, valueLength);
  }

  /** The client's flags. */
  get flags(): ClientFlags {
    const low = this.#get(FLAGS_LOW);
    const high = this.#get(FLAGS_HIGH);
    return high === 0 ? low : BigInt(high) << 32n | BigInt(low);
  }
  set flags(flags: ClientFlags) {
    const isShort = typeof flags === "number";
    this.#set(FLAGS_LOW, isShort ? flags : Number(BigInt.asUintN(32, flags)));
    this.#set(FLAGS_HIGH, isShort ? 0 : Number(flags >> 32n));
  }

  /** When it expires, in seconds since 1970; 0 means never, and -1 at once. */
  get exptime(): number {
    const exptime = this.#get(EXPTIME);
    return exptime === EXPIRED_WORD ? -1 : exptime;
  }
  set exptime(exptime: number) {
    this.#set(EXPTIME, exptime);
  }

  /** When it was stored or last used, in seconds since 1970. */
  get lastAccess(): number {
    return this.#get(LAST_ACCESS);
  }
  set lastAccess(time: number) {
    this.#set(LAST_ACCESS, time);
  }

  /** The CAS unique: changes with every change of the item, and always grows. */
  get cas(): number {
    return this.#get(CAS_HIGH) * TWO_TO_32 + this.#get(CAS_LOW);
  }
  set cas(cas: number) {
    this.#set(CAS_LOW, cas % TWO_TO_32);
    this.#set(CAS_HIGH, Math.floor(cas / TWO_TO_32));
  }

  /** The length of the value in bytes. */
  get valueLength(): number {
    return this.#get(VALUE_LENGTH);
  }

  /** The number of its slab class in memcached. */
  get slabClass(): number {
    return this.#get(PROPERTIES) >>> SLAB_CLASS_SHIFT & BYTE;
  }

  /** Whether it has been read since it was stored. */
  get fetched(): boolean {
    return this.#has(FETCHED);
  }
  set fetched(fetched: boolean) {
    this.#mark(FETCHED, fetched);
  }

  /** Whether its key came as base64, and is returned as base64. */
  get keyIsBinary(): boolean {
    return this.#has(KEY_IS_BINARY);
  }
  set keyIsBinary(keyIsBinary: boolean) {
    this.#mark(KEY_IS_BINARY, keyIsBinary);
  }

  /** Whether it was invalidated. It is then stale, and served until a client replaces it. */
  get stale(): boolean {
    return this.#has(STALE);
  }
  set stale(stale: boolean) {
    this.#mark(STALE, stale);
  }

  /** Whether a client has won the right to replace it. */
  get winSent(): boolean {
    return this.#has(WIN_SENT);
  }
  set winSent(winSent: boolean) {
    this.#mark(WIN_SENT, winSent);
  }

  /** Whether it has been removed while its value is still being read. */
  get removed(): boolean {
    return this.#has(REMOVED);
  }
  set removed(removed: boolean) {
    this.#mark(REMOVED, removed);
  }

  /** The length of the key in bytes. */
  get keyLength(): number {
    return this.#get(PROPERTIES) & BYTE;
  }

  /** The kind of its blocks after the first. */
  get kind(): number {
    return this.#get(PROPERTIES) >>> KIND_SHIFT & BYTE;
  }

  /** Whether its key is this one. */
  hasKey(key: string): boolean {
    if (key.length !== this.keyLength) return false;
    if (key.length > FIRST_LENGTH - HEADER_LENGTH) return this.openBytes().matches(key);
    return this.#blocks.first.matches(this.block, HEADER_LENGTH, key, 0, key.length);
  }

  /** Its bytes, from the first of its key. */
  openBytes(): ItemBytes {
    const { first, rest } = this.#blocks;
    return new ItemBytes(this.block, first, rest[this.kind] ?? first);
  }

  /** Its bytes, beginning with the value. */
  openValue(): ItemBytes {
    const bytes = this.openBytes();
    bytes.skip(this.keyLength);
    return bytes;
  }

  /** A copy of its value. */
  readValue(): Uint8Array<ArrayBuffer> {
    const value = new Uint8Array(this.valueLength);
    this.copyValue(value, 0);
    return value;
  }

  /** Copies its value to a place in `target`. */
  copyValue(target: Uint8Array, at: number): void {
    const { valueLength } = this;
    const start = HEADER_LENGTH + this.keyLength;
    if (start + valueLength > FIRST_LENGTH) this.openValue().read(target, at, valueLength);
    else this.#blocks.first.read(this.block, start, target, at, valueLength);
  }

  #readKey(): string {
    const key = new Uint8Array(this.keyLength);
    this.openBytes().read(key, 0, key.byteLength);
    return decodeLatin1(key);
  }

  #get(word: number): number {
    return this.#words[this.#start + word] ?? 0;
  }

  #set(word: number, value: number): void {
    this.#words[this.#start + word] = value;
  }

  #has(mark: number): boolean {
    return (this.#get(PROPERTIES) & mark) !== 0;
  }

  #mark(mark: number, isSet: boolean): void {
    const others = this.#get(PROPERTIES) & ~mark;
    this.#set(PROPERTIES, isSet ? others | mark : others);
  }
}
