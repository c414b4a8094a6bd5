import { readDuration } from '../../duration.ts';

/** A boolean as Go's flags read it, which know these spellings and no other. Undefined when it is none. */
export function goBool(text: string): boolean | undefined {
  if (/^(?:1|t|T|true|TRUE|True)$/.test(text)) return true;
  return /^(?:0|f|F|false|FALSE|False)$/.test(text) ? false : undefined;
}

/** A whole number as Go's flags read it: decimal, `0x1f`, `0b1`, `0o17` or `017`, and `1_000`. Undefined when it is none. */
export function goWhole(text: string): bigint | undefined {
  const [, sign = '', digits = ''] = /^(-?)([\da-fxo]+(?:_[\da-f]+)*)$/i.exec(text) ?? [];
  const plain = digits.replaceAll('_', '').replace(/^0(?=[0-7]+$)/, '0o');
  if (!/^(?:0|[1-9]\d*|0x[\da-f]+|0b[01]+|0o[0-7]+)$/i.test(plain)) return undefined;
  return sign === '-' ? -BigInt(plain) : BigInt(plain);
}

/** Milliseconds of a duration as Go reads it, at most some 292 years. Undefined when it is none. */
export function goDuration(text: string): number | undefined {
  const unsigned = text.replace(/^[+-]/, '');
  const duration = unsigned.includes('d') ? undefined : readDuration(unsigned);
  if (duration === undefined || duration >= MOST) return undefined;
  return text.startsWith('-') ? -duration : duration;
}

/** What 63 bits of nanoseconds hold. */
const MOST = 2 ** 63 / 1e6;
