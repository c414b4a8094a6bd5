import type { ActOptions } from '../dsl/play.ts';
import type { Sh } from '../dsl/shell/sh.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { lastLine } from './facts/etcdctl/answers.ts';
import type { EtcdHost } from './surveyed.ts';

/** Runs shell that changes something outside of tasks; throws exit code 2 with its last line where it fails. */
export async function must(host: EtcdHost, doing: string, shell: Sh): Promise<void> {
  await mustSay(host, doing, shell);
}

/** The same; resolves to what it printed. */
export async function mustSay(
  host: EtcdHost,
  doing: string,
  shell: Sh,
  options?: ActOptions,
): Promise<string> {
  const { code, out } = await host.act(doing, shell, options);
  if (code === 0) return out;
  const { name } = host.target;
  throw new QuorateError(`${name}: ${doing} failed: ${lastLine(out)}`, { exitCode: EXIT.failed, host: name });
}
