// Receipts that a person asked this device to note. The code opens the reporter's view of one case and nothing else; it is
// noted only on request, and can be taken away.

export interface Noted {
  number: string;
  code: string;
  text: string;
}

const KEY = "yiwang-receipts";
const MOST = 30;

export function notedReceipts(): Noted[] {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(read) ? read.filter(isNoted) : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

function isNoted(value: unknown): value is Noted {
  const one = value as Partial<Noted> | null;
  return typeof one?.number === "string" && typeof one.code === "string" && typeof one.text === "string";
}

export function noteReceipt(receipt: Noted): void {
  const others = notedReceipts().filter((one) => one.number !== receipt.number);
  localStorage.setItem(KEY, JSON.stringify([{ ...receipt, text: receipt.text.slice(0, 60) }, ...others].slice(0, MOST)));
}

export function forgetReceipt(number: string): Noted[] {
  const left = notedReceipts().filter((one) => one.number !== number);
  localStorage.setItem(KEY, JSON.stringify(left));
  return left;
}

/** The part after # never reaches a server, a log or another page. */
export const followAddress = ({ number, code }: { number: string; code: string }): string =>
  `/follow#${new URLSearchParams({ number, code })}`;
