import { EXIT, QuorateError } from './errors.ts';

/** A duration in milliseconds: Go's form (`87600h`, `1h30m`), and `d` for days. */
export function parseDuration(text: string): number {
  const duration = readDuration(text);
  if (duration === undefined) {
    throw new QuorateError(`"${text}" is not a duration`, {
      exitCode: EXIT.usage,
      hint: 'write a number and a unit, as in 8760h, 365d or 1h30m',
    });
  }
  return duration;
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h|d)/g;

/** As `parseDuration`; undefined when the text is none. */
export function readDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (text === '' || text.replace(PART, '') !== '') return undefined;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(PART)) sum += Number(amount) * UNITS[unit!]!;
  return Number.isFinite(sum) ? sum : undefined;
}
