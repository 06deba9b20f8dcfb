// The small computation that the server asks for when very many send at once (yiwang/http/challenge.py). SHA-256 is written
// out here because the browser's own is missing where a city is reached without https. Works in short slices, so that the
// screen goes on living.

export const HEADER = "X-Proof-Of-Work";

const constants = new Uint32Array(64);
const initial = new Uint32Array(8);
{
  // First 32 bits of the fractional parts of the cube and square roots of the first primes (FIPS 180-4).
  let found = 0;
  for (let candidate = 2; found < 64; candidate += 1) {
    let prime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor += 1) if (candidate % divisor === 0) prime = false;
    if (!prime) continue;
    if (found < 8) initial[found] = fraction(Math.sqrt(candidate));
    constants[found] = fraction(Math.cbrt(candidate));
    found += 1;
  }
}

function fraction(value: number): number {
  return Math.floor((value - Math.floor(value)) * 2 ** 32) >>> 0;
}

const words = new Uint32Array(64);

/** SHA-256 of ASCII text, as eight words. */
export function sha256(text: string): Uint32Array {
  const blocks = Math.ceil((text.length + 9) / 64);
  const message = new DataView(new ArrayBuffer(blocks * 64));
  for (let index = 0; index < text.length; index += 1) message.setUint8(index, text.charCodeAt(index));
  message.setUint8(text.length, 0x80);
  message.setUint32(blocks * 64 - 4, text.length * 8);
  const state = initial.slice();
  for (let block = 0; block < blocks; block += 1) mix(state, message, block * 64);
  return state;
}

const turn = (value: number, by: number): number => (value >>> by) | (value << (32 - by));
const at = (array: Uint32Array, index: number): number => array[index] as number;

function mix(state: Uint32Array, message: DataView, offset: number): void {
  for (let i = 0; i < 16; i += 1) words[i] = message.getUint32(offset + i * 4);
  for (let i = 16; i < 64; i += 1) {
    const near = at(words, i - 2);
    const far = at(words, i - 15);
    const one = turn(near, 17) ^ turn(near, 19) ^ (near >>> 10);
    const two = turn(far, 7) ^ turn(far, 18) ^ (far >>> 3);
    words[i] = (one + at(words, i - 7) + two + at(words, i - 16)) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
  for (let i = 0; i < 64; i += 1) {
    const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + at(constants, i) + at(words, i)) | 0;
    const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((value, i) => { state[i] = (at(state, i) + value) | 0; });
}

function zeroBits(digest: Uint32Array): number {
  let bits = 0;
  for (const word of digest) {
    bits += Math.clz32(word);
    if (word !== 0) break;
  }
  return bits;
}

/** The stamp that a refusal's data asks for. */
export async function solve(data: Record<string, unknown>): Promise<string> {
  const bits = Math.min(Number(data.bits), 24);
  const random = crypto.getRandomValues(new Uint32Array(2)).join("");
  const begin = `1:${bits}:${Number(data.time)}:${String(data.path)}:${random}:`;
  for (let counter = 0; ; ) {
    const until = performance.now() + 12;
    while (performance.now() < until) {
      for (let turns = 0; turns < 64; turns += 1, counter += 1) {
        if (zeroBits(sha256(begin + counter)) >= bits) return begin + counter;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}
