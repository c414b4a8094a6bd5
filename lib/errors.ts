/** Exit codes of every playbook. */
export const EXIT = {
  ok: 0,
  usage: 1,
  failed: 2,
  refused: 3,
  unreachable: 4,
  untrusted: 5,
  locked: 6,
  unhealthy: 7,
  pending: 8,
  bug: 70,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Several outcomes at once: the first of this list that occurred is the exit code. */
const PRECEDENCE: readonly ExitCode[] = [70, 130, 143, 1, 6, 5, 3, 2, 4, 7, 8];

/** The exit code of a run whose parts ended with `codes`; 0 when there are none. */
export function worstExit(codes: Iterable<ExitCode>): ExitCode {
  const seen = new Set(codes);
  return PRECEDENCE.find((code) => seen.has(code)) ?? EXIT.ok;
}

/** A place in a file the user wrote; line and column count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface ErrorDetails {
  readonly exitCode: ExitCode;
  readonly hint?: string;
  readonly host?: string;
  readonly task?: string;
  readonly position?: Position;
}

/**
 * An error the user can act on. `message` says what was attempted, what was found and what was wanted;
 * `hint` the next step, when it is knowable. Anything else that is thrown is a bug of ours (70).
 */
export class QuorateError extends Error {
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;
  readonly host: string | undefined;
  readonly task: string | undefined;
  readonly position: Position | undefined;

  constructor(message: string, details: ErrorDetails) {
    super(message);
    this.name = 'QuorateError';
    this.exitCode = details.exitCode;
    this.hint = details.hint;
    this.host = details.host;
    this.task = details.task;
    this.position = details.position;
  }
}

/** Several errors found together (bad inventory, preflight findings); reported one after the other. */
export class QuorateErrors extends Error {
  readonly errors: readonly QuorateError[];

  constructor(errors: readonly QuorateError[]) {
    super(errors.map((error) => error.message).join('\n'));
    this.name = 'QuorateErrors';
    this.errors = errors;
  }

  get exitCode(): ExitCode {
    return worstExit(this.errors.map((error) => error.exitCode));
  }
}

/** What should never have been thrown, as an error that is reported like any other: exit code 70, with its stack. */
export function bugOf(error: unknown): QuorateError {
  const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new QuorateError(`a bug of ours: ${said}`, { exitCode: EXIT.bug });
}

/** What was thrown, as errors to report; what should not have been is a bug of ours. */
export function errorsOf(error: unknown): readonly QuorateError[] {
  if (error instanceof QuorateErrors) return error.errors;
  return [error instanceof QuorateError ? error : bugOf(error)];
}

/** Drop the host that many messages begin with: `etcd01: no route` is `no route`, for who names the host otherwise. */
export function withoutHost(message: string, host: string | undefined): string {
  return host !== undefined && message.startsWith(`${host}: `) ? message.slice(host.length + 2) : message;
}

/** `file:line:column`, the form editors and terminals make clickable. */
export function formatPosition(position: Position): string {
  return `${position.file}:${position.line}:${position.column}`;
}
