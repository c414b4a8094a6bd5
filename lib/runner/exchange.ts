import { randomBytes } from 'node:crypto';
import { redact } from '../dsl/secret.ts';
import type { Reading } from '../dsl/task.ts';
import { EXIT, QuorateError } from '../errors.ts';
import type { Host, RunningScript } from '../transport/host.ts';
import { FrameParser } from './frames.ts';
import { LineReader } from './lines.ts';
import { compileScript, type Fragment } from './script.ts';

export interface ExchangeOptions {
  readonly stateDir?: string;
  readonly begin?: (id: string) => void;
  readonly line?: (id: string, line: string) => void;
  readonly end?: (id: string, reading: Reading) => void;
  /** Gets the running script, for a stop or a kill from outside. */
  readonly started?: (script: RunningScript) => void;
  /** Lines of the channel's own standard error (sudo, sshd, the launcher). */
  readonly stderr?: (line: string) => void;
}

export interface ExchangeResult {
  readonly readings: ReadonlyMap<string, Reading>;
  /** `failed`: a critical fragment did not exit 0; `stopped`: ended on request between two fragments. */
  readonly outcome: 'complete' | 'failed' | 'stopped';
}

/**
 * Sends fragments to a host as one script and gathers their readings: one round trip.
 * Throws exit code 4 when the script did not report its end: what it did is then unknown.
 */
export async function exchange(
  host: Host,
  fragments: readonly Fragment[],
  options: ExchangeOptions = {},
): Promise<ExchangeResult> {
  const nonce = `quorate-${randomBytes(12).toString('hex')}`;
  const readings = new Map<string, Reading>();
  const sent = Date.now();
  const parser = new FrameParser(nonce, {
    begin: options.begin,
    line: options.line,
    end(id, found) {
      const reading: Reading = { ...found, between: [sent, Date.now()] };
      readings.set(id, reading);
      options.end?.(id, reading);
    },
  });
  let noise = '';
  const stderr = new LineReader((line) => {
    if (line.trim()) options.stderr?.(line);
  });
  const running = host.run(compileScript(fragments, nonce, options.stateDir), {
    stdout: (chunk) => parser.push(chunk),
    stderr: (chunk) => {
      noise = redact(noise + chunk.toString('utf8')).slice(-2000);
      stderr.push(chunk);
    },
  });
  options.started?.(running);
  const { code } = await running.done.finally(() => stderr.end());
  if (parser.complete) return { readings, outcome: 'complete' };
  if (parser.stopped) return { readings, outcome: 'stopped' };
  const last = fragments.find(({ id, critical }) => critical && (readings.get(id)?.code ?? 0) !== 0);
  if (last) return { readings, outcome: 'failed' };
  const said = noise.trim();
  throw new QuorateError(
    `${host.name}: the script ended early (${code === null ? 'killed by a signal' : `exit status ${code}`}), so its outcome is unknown${said ? `: ${said}` : ''}`,
    { exitCode: EXIT.unreachable, host: host.name, hint: 'run again: the host is read afresh first' },
  );
}
