import { EXIT, type ExitCode, QuorateError, QuorateErrors } from '../errors.ts';

/** Whom a refusal is about: one host, or a cluster as a whole. */
export type Subject = { readonly host: string } | { readonly name: string };

/**
 * What a safety gate says instead of going on: `etcd02: port 2379 is taken by nginx (pid 812)`, with the way out.
 * Exit code 3 unless another one says more.
 */
export function refusal(
  about: Subject,
  message: string,
  hint?: string,
  exitCode: ExitCode = EXIT.refused,
): QuorateError {
  const [subject, host] = 'host' in about ? [about.host, about.host] : [about.name, undefined];
  return new QuorateError(`${subject}: ${message}`, {
    exitCode,
    ...(host !== undefined && { host }),
    ...(hint !== undefined && { hint }),
  });
}

/** Throws all of them together, if there are any. */
export function refuse(problems: readonly QuorateError[]): void {
  if (problems.length > 0) throw new QuorateErrors(problems);
}
