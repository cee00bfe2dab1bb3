/** A file that the page's server has. @module */

/** A file of text. */
export interface PageFile {
  /** Its media type, without a charset: all are UTF-8. */
  readonly type: string;
  readonly text: string;
}
