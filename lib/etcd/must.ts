import type { Sh } from '../dsl/sh.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { lastLine } from './facts/etcdctl-answers.ts';
import type { EtcdHost } from './surveyed.ts';

/** Runs shell that changes something outside of tasks; throws exit code 2 with its last line where it fails. */
export async function must(host: EtcdHost, doing: string, shell: Sh): Promise<void> {
  const { code, out } = await host.act(doing, shell);
  if (code === 0) return;
  const { name } = host.target;
  throw new QuorateError(`${name}: ${doing} failed: ${lastLine(out)}`, { exitCode: EXIT.failed, host: name });
}
