import type { Sh } from './sh.ts';

/** What a command printed, both streams in the order of the host, and how it ended. */
export interface ShellOutput {
  readonly exitCode: number;
  /** Without the newline at its end. */
  readonly text: string;
  /** Its lines that are not empty. */
  readonly lines: readonly string[];
}

type Interpolated = string | number | Sh | readonly (string | number)[];

/**
 * zx's `$` with a host at its other end: interpolated values are quoted as words, each call is a script and
 * an exchange of its own. A command that does not exit 0 throws and fails the task; with `$.nothrow` the
 * caller looks at `exitCode`.
 */
export interface HostShell {
  (strings: TemplateStringsArray, ...values: readonly Interpolated[]): Promise<ShellOutput>;
  nothrow(strings: TemplateStringsArray, ...values: readonly Interpolated[]): Promise<ShellOutput>;
}
