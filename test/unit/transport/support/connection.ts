import type { Connection, Host, RunningScript } from '../../../../lib/transport/host.ts';

/** A connection as an inventory gives it, `here` by default. */
export function connectionOf(own: Partial<Connection> = {}): Connection {
  return {
    name: 'node1',
    kind: 'local',
    address: '127.0.0.1',
    port: undefined,
    user: undefined,
    password: undefined,
    keyFile: undefined,
    become: false,
    becomeUser: 'root',
    becomePassword: undefined,
    proxyJump: undefined,
    knownHostsFile: undefined,
    strictHostKeyChecking: undefined,
    ...own,
  };
}

/** A script that runs, and what it has printed so far. */
export interface Watched extends RunningScript {
  readonly out: () => string;
  readonly err: () => string;
}

/** Starts a script and gathers its output. */
export function watch(host: Host, script: string): Watched {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const running = host.run(script, {
    stdout: (chunk) => out.push(chunk),
    stderr: (chunk) => err.push(chunk),
  });
  running.done.catch(() => {});
  return {
    ...running,
    out: () => Buffer.concat(out).toString('utf8'),
    err: () => Buffer.concat(err).toString('utf8'),
  };
}

/** Runs a script to its end. */
export async function outcome(
  host: Host,
  script: string,
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  const run = watch(host, script);
  const { code } = await run.done;
  return { code, out: run.out(), err: run.err() };
}
