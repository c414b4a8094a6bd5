import { elements } from '../der.ts';

/** UTCTime and GeneralizedTime. */
const TIMES = [0x17, 0x18];

/** From when until when a list holds by its own word. */
export interface ListLife {
  readonly from: Date;
  /** undefined where it does not say. */
  readonly until: Date | undefined;
}

/** That of a list of revoked certificates, DER (RFC 5280, 5.1); undefined for what is none. */
export function lifeOfList(der: Buffer): ListLife | undefined {
  try {
    const [list] = elements(der);
    const [body] = list ? elements(list.content) : [];
    const times = body ? elements(body.content).filter(({ tag }) => TIMES.includes(tag)) : [];
    const [from, until] = times.map(({ content }) => dateOf(content.toString('latin1')));
    return from && { from, until };
  } catch {
    return undefined;
  }
}

/** `261128161224Z`, or with four digits for the year; two of them are of 1950 to 2049. */
function dateOf(text: string): Date | undefined {
  const [, year = '', ...rest] = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text) ?? [];
  if (year === '') return undefined;
  const century = year.length === 4 ? 0 : Number(year) < 50 ? 2000 : 1900;
  const [month = 1, ...clock] = rest.map(Number);
  return new Date(Date.UTC(century + Number(year), month - 1, ...clock));
}
