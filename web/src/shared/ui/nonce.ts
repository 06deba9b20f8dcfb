// Libraries make style elements at run time, not all of them with the page's nonce; the content security policy lets only
// those through that carry it. So every style element made here gets it when it is made.

import { nonce } from "../city";

const make = Document.prototype.createElement;

Document.prototype.createElement = function (this: Document, name: string, options?: ElementCreationOptions): HTMLElement {
  const made = make.call(this, name, options);
  if (made instanceof HTMLStyleElement) made.nonce = nonce;
  return made;
} as typeof make;
