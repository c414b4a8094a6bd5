import { EXIT, QuorateError } from '../errors.ts';

/** How long a certificate is to last, in milliseconds, or from and until a date. */
export interface Life {
  readonly expiry: number;
  readonly backdate: number;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** X.509 has no later time (RFC 5280, 4.1.2.5). */
const END_OF_TIME = new Date('9999-12-31T23:59:59Z');

/**
 * From when until when a certificate made now is valid, in whole seconds. As in cfssl, the life counts from
 * the backdated start; one that is over before it begins, or that X.509 cannot write, is refused (1).
 */
export function lifeFromNow(life: Life, what: string): { notBefore: Date; notAfter: Date } {
  const now = Math.floor(Date.now() / 1000) * 1000;
  const notBefore = life.notBefore ?? new Date(now - life.backdate);
  const notAfter = life.notAfter ?? new Date(notBefore.getTime() + life.expiry);
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

function iso(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
