import { join } from 'node:path';
import type { EventSink } from '../../../lib/runner/events.ts';
import { LoopHost } from '../../../lib/runner/loop-host.ts';
import type { Host } from '../../../lib/transport/host.ts';
import { shellHost } from './shell-host.ts';

interface LoopOptions {
  /** Holds the host's records. */
  readonly dir: string;
  readonly sink: EventSink;
  readonly shell?: readonly string[];
  readonly connect?: () => Promise<Host>;
  /** In place of a shell that answers. */
  readonly host?: Host;
}

/** The loop of one host, with a real shell of this machine at its other end. */
export function loopHost({ dir, sink, shell = ['sh'], connect, host }: LoopOptions): LoopHost<undefined> {
  const target = { name: 'here', vars: {}, hostvars: {}, facts: undefined };
  return new LoopHost(target, {
    host: host ?? shellHost(shell),
    connect: connect ?? (() => Promise.reject(new Error('nothing here needs another connection'))),
    selected: true,
    check: false,
    stateDir: join(dir, 'state'),
    owner: 'test',
    build: () => [],
    sink,
  });
}
