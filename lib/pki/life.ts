import { EXIT, QuorateError } from '../errors.ts';

/** How long a certificate is to last, in milliseconds, or from and until a date. */
export interface Life {
  readonly expiry: number;
  readonly backdate: number;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** A certificate is valid from a little in the past: clocks differ. */
export const BACKDATE = 5 * 60_000;

/** X.509 has no later time (RFC 5280, 4.1.2.5). */
const END_OF_TIME = new Date('9999-12-31T23:59:59Z');

/**
 * From when until when a certificate made now is valid, in whole seconds. As in cfssl, the life counts from
 * the backdated start; one that is over before it begins, or that X.509 cannot write, is refused (1).
 */
export function lifeFromNow(life: Life, what: string): { notBefore: Date; notAfter: Date } {
  const now = Math.floor(Date.now() / 1000) * 1000;
  const { start, end } = spanAt(life, now);
  const [notBefore, notAfter] = [new Date(start), new Date(end)];
  // Also false for a date that is none.
  if (!(notAfter <= END_OF_TIME)) {
    throw new QuorateError(`${what} would end after the year 9999`, {
      exitCode: EXIT.usage,
      hint: 'shorten its expiry',
    });
  }
  if (notAfter.getTime() <= now) {
    throw new QuorateError(
      `${what} would have ended when it is made: valid from ${iso(notBefore)} until ${iso(notAfter)}`,
      { exitCode: EXIT.usage, hint: 'lengthen its expiry: it counts from the start, which lies in the past' },
    );
  }
  return { notBefore, notAfter };
}

/**
 * How long before its end, in milliseconds, one of these certificates is due for renewal: as asked, unless one
 * made now would be due at once, or nearly so, and every run would renew it. Then it is in the last third of
 * what a new one has ahead of it.
 */
export function renewalLead(life: Life, asked: number): number {
  const now = Date.now();
  const ahead = Math.max(0, spanAt(life, now).end - now);
  return asked <= ahead * MOST_OF_LIFE ? asked : ahead / 3;
}

/** Leaves the run that issues one time to prove it, whole seconds and all. */
const MOST_OF_LIFE = 0.98;

/** In milliseconds since the epoch, which also count what no date can say. */
function spanAt(life: Life, now: number): { readonly start: number; readonly end: number } {
  const start = life.notBefore?.getTime() ?? now - life.backdate;
  return { start, end: life.notAfter?.getTime() ?? start + life.expiry };
}

function iso(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
