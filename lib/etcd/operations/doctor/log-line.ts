/** One line of a log, whoever wrote it: etcd in either of its formats, Go's runtime, systemd. */
export interface LogLine {
  /** Without what a journal or a container's log puts in front or around. */
  readonly text: string;
  /** The process ends with this line. */
  readonly fatal: boolean;
  /** When it was written, as the line itself says it. */
  readonly time: string | undefined;
  /** For a JSON line: everything that it carries. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Takes a line apart. Whatever it is, it is a line: what is not understood is text. */
export function parseLogLine(raw: string): LogLine {
  const line = raw.replaceAll(ANSI, '').trim();
  const text = messageOf(line);
  const fields = fieldsOf(text);
  const time = timeOf(line, text);
  const wrapped = fields && wrappedIn(fields);
  if (wrapped !== undefined) {
    const inner = parseLogLine(wrapped);
    return { ...inner, time: inner.time ?? time };
  }
  return { text, fatal: isFatal(text, fields), time, fields: fields ?? {} };
}

/**
 * What it says in words: of JSON the message, the error and what they are about, else all of it. In 3.7 an error
 * stands in `panic`, and white space may be U+00A0.
 */
export function spoken({ text, fields }: LogLine): string {
  const { msg } = fields;
  if (typeof msg !== 'string') return text.replaceAll('\u00a0', ' ');
  const said = [msg, fields.error, fields.panic].filter(
    (one, i, all): one is string => typeof one === 'string' && all.indexOf(one) === i,
  );
  const sentence = said.join(': ');
  const about = ABOUT.flatMap((name) => {
    const value = fields[name];
    return typeof value === 'string' && value !== '' && !sentence.includes(value) ? [`${name} ${value}`] : [];
  });
  return `${sentence}${about.length > 0 ? ` (${about.join(', ')})` : ''}`.replaceAll('\u00a0', ' ');
}

/** Fields that a message leaves to be read. */
const ABOUT = ['path', 'dir', 'environment-variable', 'remote-addr'];

/** Colours of a terminal. */
const ANSI = /\u001b\[[\d;]*[A-Za-z]/g;

/** What a collector of logs wraps: journalctl's `-o json`, Docker's files, and those that forward lines. */
function wrappedIn(fields: Fields): string | undefined {
  const wrapped = fields.MESSAGE ?? fields.log ?? (fields.msg === undefined ? fields.message : undefined);
  // The journal has bytes for what is more than text.
  if (Array.isArray(wrapped)) return Buffer.from(wrapped.map(Number)).toString();
  return typeof wrapped === 'string' ? wrapped : undefined;
}

function isFatal(text: string, fields: Fields | undefined): boolean {
  if (fields === undefined) return FATAL.test(text);
  return typeof fields.level === 'string' && /^d?panic$|^fatal$/i.test(fields.level);
}

/**
 * Go's own last words, critical lines of the old format, those of `--log-format=console`, and JSON that was cut off.
 * A `panic:` in the middle of a line is somebody's quotation.
 */
const FATAL =
  /^(?:panic|fatal error|SIG[A-Z]{2,5}): |^\d{4}[-/]\d\d[-/]\d\d [\d:.]+ C \| |^\d{4}-\d\d-\d\dT\S+\t(?:d?panic|fatal)\t|^\{"level":"(?:d?panic|fatal)"/i;

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(text: string): Fields | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Fields)
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * From where the message begins, whatever stands in front: etcd's own formats begin by themselves, JSON, the old one and
 * that of the console. Plain text, as Go's last words are, begins after what is known to be a prefix.
 */
function messageOf(line: string): string {
  if (line.startsWith('{')) return line;
  const own = OWN.exec(line);
  if (own) return line.slice(own.index);
  const pretty = /^"MESSAGE" : (".*"),?$/.exec(line)?.[1];
  if (pretty !== undefined) return messageOf(`{"MESSAGE":${pretty}}`);
  let text = line;
  for (let i = 0; i < MOST_PREFIXES && !LAST_WORDS.test(text); i++) {
    const rest = text.replace(PREFIX, '');
    if (rest === text) break;
    text = rest;
  }
  return text;
}

/** JSON with a level, or that wraps a line; a date with a level after a space or a tab. */
const OWN =
  /\{ ?"(?:level|ts|msg|log|message|stream|MESSAGE|_[A-Z_]+|@timestamp)"|(?<![\d-])\d{4}[-/]\d\d[-/]\d\d [\d:.]+ [A-Z] \| |(?<!\S)\d{4}-\d\d-\d\dT\S+\t[a-zA-Z]+\t/;

/** Where no prefix is looked for any more. */
const LAST_WORDS = /^(?:panic|fatal error): /;

/** Such as a label, a time and a tag, and then the same of another collector. */
const MOST_PREFIXES = 8;

const STAMP =
  /(?:\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d\S*|[A-Z][a-z]{2} +\d+ [\d:.]{8,15}|(?<!\S)\d{9,10}\.\d+|\[[ \d.<>+]+\])/;

const FIRST_STAMP = new RegExp(`^${STAMP.source}`);

/** `etcd[712]: `, `etcd.service[712]: `. */
const TAG = /[^\s:[\]]+\[\d+\]: /;

const PREFIX = new RegExp(
  `^(?:${[
    // RFC 5424: version, time, host, program, process, kind, data.
    String.raw`(?:<\d+>)?1 (?:\S+ ){5}(?:-|(?:\[(?:"(?:[^"\\]|\\.)*"|[^\]"])*\])+) \uFEFF?`,
    String.raw`<\d+>`,
    // A day of the week, which stands before a date.
    String.raw`[A-Z][a-z]{2},? (?=\d{4}-|[A-Z][a-z]{2} +\d)`,
    // From journalctl: a zone, the host, and the program, which need not have a number there.
    String.raw`${STAMP.source} (?!panic: |fatal error: )(?:\S+ ){0,2}?(?!panic:|error:)[^\s:[\]]+(?:\[\d+\])?: `,
    // From containers: the stream and whether a line is full.
    `${STAMP.source} (?:std(?:out|err) [FP] )?`,
    String.raw`\[pod\/\S+\] `,
    String.raw`[\w.-]+ +\| `,
    String.raw`(?:\S+ )?${TAG.source}`,
    // From journalctl's verbose and export.
    'MESSAGE=',
  ].join('|')})`,
);

/** As etcd says it, else as what stands in front does. */
function timeOf(line: string, text: string): string | undefined {
  const [, ts] = /"ts":"([^"]+)"/.exec(text) ?? [];
  if (ts !== undefined) return ts;
  const prefix = line.slice(0, line.length - text.length);
  return STAMP.exec(prefix)?.[0] ?? FIRST_STAMP.exec(text)?.[0];
}
