import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { tellingLine } from '../../../../lib/etcd/files/telling-line.ts';
import { SHELLS } from '../../support/shells.ts';

const json = (level: string, caller: string, msg: string, error?: string) =>
  JSON.stringify({ level, ts: '2026-11-26T22:00:00.000Z', caller, msg, ...(error && { error }) });
const PEER = json('warn', 'rafthttp/probing.go:68', 'prober detected unhealthy status', 'dial tcp: refused');

describe.each(SHELLS)('why a start failed, under %s', (_name, file, ...args) => {
  it.each<[string, readonly string[], string]>([
    ['nothing was said', ['hello'], ''],
    [
      'the error of a fatal line',
      [
        PEER,
        json('fatal', 'etcdmain/etcd.go:219', 'discovery failed', 'open /x: permission denied'),
        'etcd.service: Failed',
      ],
      'discovery failed: open /x: permission denied',
    ],
    [
      'the line with the error, not the bare panic that follows it',
      [
        json('panic', 'etcdserver/server.go:500', 'failed to recover v3 backend', 'failed to find "db"'),
        'panic: failed to recover v3 backend',
        'goroutine 1 [running]:',
      ],
      'failed to recover v3 backend: failed to find \\"db\\"',
    ],
    [
      'flags that are refused, which is a warning',
      [
        json('info', 'etcdmain/etcd.go:73', 'Running: '),
        json('warn', 'etcdmain/etcd.go:75', 'failed to verify flags', 'expected IP in URL'),
        PEER,
      ],
      'failed to verify flags: expected IP in URL',
    ],
    [
      '3.3',
      [
        '2026-11-26 22:00:00.000000 E | etcdmain: x',
        '2026-11-26 22:00:00.000000 C | etcdmain: cannot listen',
      ],
      '2026-11-26 22:00:00.000000 C | etcdmain: cannot listen',
    ],
    ['a panic alone', ['panic: runtime error'], 'panic: runtime error'],
    ['what it waits for', [PEER], 'prober detected unhealthy status: dial tcp: refused'],
  ])('%s', (_what, lines, expected) => {
    const options = { input: `${lines.join('\n')}\n`, encoding: 'utf8' as const };
    const { stdout } = spawnSync(file ?? 'sh', [...args, '-c', tellingLine.text], options);
    expect(stdout.trim()).toBe(expected);
  });
});
