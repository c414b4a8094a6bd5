/** A date, or a date and a time of day, of YAML: an object to Python, which writes it in two ways. */
export class Moment {
  /** As `str()` writes it: `2024-01-02 03:04:05+00:00`. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** As ISO 8601 has it: with a T. */
  toJSON(): string {
    return this.text.replace(' ', 'T');
  }

  toString(): string {
    return this.text;
  }
}

/** What PyYAML takes for a moment; undefined for any other text, and for a day or a time that there is none of. */
export function momentOf(text: string): Moment | undefined {
  const [, year, month, day, hour, minute, second, fraction, zone] = DAY.exec(text) ?? TIME.exec(text) ?? [];
  if (year === undefined || !isDay(Number(year), Number(month), Number(day))) return undefined;
  const two = (digits = '0') => digits.padStart(2, '0');
  const date = `${year}-${two(month)}-${two(day)}`;
  if (hour === undefined) return new Moment(date);
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const micro = (fraction ?? '').slice(0, 6).padEnd(6, '0');
  const part = Number(micro) === 0 ? '' : `.${micro}`;
  return new Moment(`${date} ${two(hour)}:${minute}:${second}${part}${offset(zone)}`);
}

// https://github.com/yaml/pyyaml/blob/main/lib/yaml/resolver.py
const DAY = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(Z|[-+]\d\d?(?::\d\d)?))?$/;

function isDay(year: number, month: number, day: number): boolean {
  const last = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  return year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= last;
}

function offset(zone: string | undefined): string {
  if (zone === undefined) return '';
  const [, sign = '+', hours = '0', minutes = '00'] = /^([-+])(\d+)(?::(\d+))?$/.exec(zone) ?? [];
  const isNone = Number(hours) + Number(minutes) === 0;
  return `${isNone ? '+' : sign}${hours.padStart(2, '0')}:${minutes}`;
}
