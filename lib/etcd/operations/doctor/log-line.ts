/** One line of a log, whoever wrote it: etcd in either of its formats, Go's runtime, systemd. */
export interface LogLine {
  /** Without what a journal or a container's log puts in front or around. */
  readonly text: string;
  /** The process ends with this line. */
  readonly fatal: boolean;
  /** When it was written, as the line itself says it. */
  readonly time: string | undefined;
  /** Of a JSON line: everything that it carries. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Takes a line apart. Whatever it is, it is a line: what is not understood is text. */
export function parseLogLine(raw: string): LogLine {
  const line = raw.trim();
  const text = bare(line);
  const fields = fieldsOf(text);
  if (fields !== undefined) {
    const wrapped = fields.MESSAGE ?? fields.log;
    if (typeof wrapped === 'string') return parseLogLine(wrapped);
    const { level, ts } = fields;
    const fatal = typeof level === 'string' && /^d?panic$|^fatal$/i.test(level);
    return { text, fatal, time: typeof ts === 'string' ? ts : timeOf(line), fields };
  }
  return { text, fatal: FATAL.test(text), time: timeOf(line), fields: {} };
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

/**
 * Go's own last words, critical lines of the old format, and those of `--log-format=console`. A `panic:` in the
 * middle of a line is somebody's quotation.
 */
const FATAL =
  /^(?:panic|fatal error): |^\d{4}[-/]\d\d[-/]\d\d [\d:.]+ C \| |^\d{4}-\d\d-\d\dT\S+\t(?:d?panic|fatal)\t/i;

function fieldsOf(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Of journalctl, and of the logs of containers. */
const PREFIX =
  /^(?:(?:[A-Z][a-z]{2} +\d+ [\d:.]{8,15}|\d{4}-\d{2}-\d{2}T\S+|\[ *[\d.]+\]) \S+ [^\s:[]+(?:\[\d+\])?: |\d{4}-\d{2}-\d{2}T\S+ (?:stdout|stderr) [FP] |\[pod\/\S+\] )/;

function bare(line: string): string {
  return line.replace(PREFIX, '');
}

/** Of journalctl's and etcd's own lines what stands first. */
function timeOf(line: string): string | undefined {
  const [, ts] = /"ts":"([^"]+)"/.exec(line) ?? [];
  return ts ?? /^(?:[A-Z][a-z]{2} +\d+ [\d:]{8}|\d{4}-\d{2}-\d{2}[T ][\d:.]+\S*)/.exec(line)?.[0];
}
