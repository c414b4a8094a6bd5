import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../lib/dsl/path.ts';
import { MARK } from '../../../lib/dsl/probe.ts';
import { World } from '../../../lib/dsl/world.ts';
import { cron } from '../../../lib/resources/cron.ts';
import { sysctl } from '../../../lib/resources/sysctl.ts';

const usage = expect.objectContaining({ exitCode: 1 });

describe('a value of the kernel', () => {
  const task = sysctl('net.ipv4.tcp_rmem', { value: '4096  131072 6291456' });
  const CONTENT = 'net/ipv4/tcp_rmem = 4096 131072 6291456\n';
  const plan = (content: string | undefined, live: string | undefined) => {
    const stat = `stat regular file|644|root|root|9|0|0|/x\nsha256 ${sha256(content ?? '')}`;
    const out = [
      content === undefined ? '' : stat,
      'above directory /etc/sysctl.d',
      live === undefined ? '' : `live ${live}`,
    ];
    return task
      .diff({ code: 0, out: out.join(`\n${MARK}\n`) }, new World())
      .map(({ kind, property }) => `${kind} ${property}`);
  };
  it.each<[string, string | undefined, string, string[]]>([
    ['that is set, whatever stands between its numbers', CONTENT, '4096\t131072\t6291456', []],
    ['that is set now only', undefined, '4096\t131072\t6291456', ['create at boot']],
    ['that is set at boot only', CONTENT, '1 2 3', ['update now']],
    ['that is set nowhere', 'x', '1 2 3', ['update at boot', 'update now']],
  ])('%s', (_name, content, live, differences) => {
    expect(plan(content, live)).toEqual(differences);
  });

  it('that the kernel has not is an error, in a check too', () => {
    expect(() => plan(undefined, undefined)).toThrow(/this kernel has no such value$/);
  });

  it('is told by dots, or by slashes where a name has a dot', () => {
    expect(sysctl('net/ipv4/conf/eth0.1/forwarding', { value: 1 }).resource).toBe(
      'sysctl:net/ipv4/conf/eth0.1/forwarding',
    );
    expect(sysctl('net.ipv4.ip_forward', { value: 1 }).resource).toBe('sysctl:net/ipv4/ip_forward');
  });

  it.each(['x', 'net/../../etc/passwd', 'a b.c', ''])('%j is refused before any contact', (name) => {
    expect(() => sysctl(name, { value: 1 })).toThrow(usage);
  });
});

describe('a job of cron', () => {
  it.each([
    ['0 3 * * *', 'date +%F', '0 3 * * * root date +\\%F\n'],
    ['@daily', 'true', '@daily root true\n'],
  ])('%s %s', (schedule, run, content) => {
    expect(cron('job', { schedule, run }).wish).toMatchObject({
      path: '/etc/cron.d/job',
      content,
      mode: '0644',
    });
  });

  it.each([
    ['a.b', { schedule: '@daily', run: 'x' }],
    ['a', { schedule: 'daily', run: 'x' }],
    ['a', { schedule: '* * * *', run: 'x' }],
    ['a', { schedule: '@daily', run: 'x\ny' }],
    ['a', { schedule: '@daily', run: 'x', user: 'a b' }],
  ])('%j with %j is refused before any contact', (name, options) => {
    expect(() => cron(name, options)).toThrow(usage);
  });
});
