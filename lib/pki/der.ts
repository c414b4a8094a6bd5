/** A piece of DER: its tag, and what is in it. */
export interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

/** The elements of DER that stand side by side. Throws a RangeError for what is cut off. */
export function elements(der: Buffer): readonly Element[] {
  const all: Element[] = [];
  for (let at = 0; at + 1 < der.length; ) {
    const first = der[at + 1]!;
    const wide = first < 0x80 ? 0 : first & 0x7f;
    const start = at + 2 + wide;
    const length = wide === 0 ? first : der.readUIntBE(at + 2, wide);
    all.push({ tag: der[at]!, content: der.subarray(start, start + length) });
    at = start + length;
  }
  return all;
}
