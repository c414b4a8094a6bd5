import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lineOf, madeOf, parseMade } from '../../../lib/dsl/ledger/made.ts';
import type { Kept } from '../../../lib/dsl/ledger/records.ts';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import type { Task } from '../../../lib/dsl/task.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import { archive } from '../../../lib/resources/archive/index.ts';
import { authorizedKeys } from '../../../lib/resources/authorized-keys/index.ts';
import { firewall } from '../../../lib/resources/firewall/index.ts';
import { gitCheckout } from '../../../lib/resources/git-checkout/index.ts';
import { takeAway } from '../../../lib/resources/left-over/index.ts';
import { mount } from '../../../lib/resources/mount/index.ts';
import { textFile } from '../support/edits.ts';
import { scratch } from '../support/scratch.ts';

const word = (text: string) => {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
};
const key = (seed: string) =>
  `ssh-ed25519 ${Buffer.concat([word('ssh-ed25519'), word(seed.repeat(32))]).toString('base64')}`;
const ANN = `${key('a')} ann@laptop`;
const BOB = `${key('b')} bob`;

/** The records of what a task has made, read back as from a host. */
function kept(task: Task, changes?: Parameters<NonNullable<Task['traces']>>[0]): readonly Kept[] {
  return (task.traces?.(changes) ?? []).flatMap((trace) => {
    const made = madeOf(trace, 'web', undefined);
    const line = made && lineOf(made);
    const read = line === undefined ? undefined : parseMade(line);
    return read === undefined || line === undefined ? [] : [{ ...read, kept: [{ dir: '/state', line }] }];
  });
}

function judged(made: readonly Kept[], out: string, world = new World()) {
  return takeAway(made, { declared: [] }).map(({ judge }) => judge({ code: 0, out }, world));
}

describe('a port that no role declares any more', () => {
  const ports = [
    { port: 443, sources: 'any' },
    { port: 53, protocol: 'udp', sources: ['10.0.0.0/8'] },
  ] as const;
  const opened = (...properties: readonly string[]) =>
    kept(
      firewall('web', { ports }),
      properties.map((property) => ({
        resource: 'firewall:web',
        kind: 'create',
        property,
        before: null,
        after: 'accept',
        certainty: 'certain',
      })),
    ).filter(({ kind }) => kind === 'port');
  const made = opened('public permanent 443/tcp from any', 'public permanent 53/udp from 10.0.0.0/8');
  const zone = (own: string, others: Readonly<Record<string, string>> = {}) => `firewall firewalld
own-firewall nftables
${MARK}shared
default s "public"
active a{sa{sas}} 0${Object.entries({ public: own, ...others })
    .map(([name, file]) => `\n${MARK}zone ${name}\na{sv} 0\n${MARK}file\n<zone>${file}</zone>`)
    .join('')}`;

  it('is known by its protocol and by whom it lets in', () => {
    expect(made.map(({ name }) => name)).toEqual(['443/tcp from any', '53/udp from 10.0.0.0/8']);
    expect(parseMade(JSON.stringify({ ...made[0], name: '443/tcp from $(id)' }))).toBe(undefined);
  });

  it('is closed again, and other rules for it stay', () => {
    const own = `<port port="443" protocol="tcp"/><port port="443" protocol="udp"/>
<rule family="ipv4"><source address="10.0.0.9"/><port port="443" protocol="tcp"/><accept/></rule>`;
    expect(judged(made, zone(own)).map(({ is }) => is)).toEqual(['gone', 'due']);
    const [, first] = takeAway(made, { declared: [] });
    const changes = first?.task.diff({ code: 0, out: zone(own) }, new World()) ?? [];
    const calls = first?.task.apply(changes, {}).text.match(/(add|remove)Port ss \w+ tcp/g);
    expect(calls).toEqual(['removePort ss 443 tcp']);
    expect(first?.task.guard?.undo(changes).text).toContain('addPort ss 443 tcp');
  });

  it('is closed in the zone that it was opened in, also where that is not in use', () => {
    const port = '<port port="443" protocol="tcp"/>';
    const [left] = takeAway(opened('dmz permanent 443/tcp from any'), { declared: [] });
    const calls = (out: string) => {
      const changes = left?.task.diff({ code: 0, out }, new World()) ?? [];
      return changes.length === 0 ? '' : left?.task.apply(changes, {}).text;
    };
    expect(calls(zone(port))).toBe('');
    expect(calls(zone(port, { dmz: port }))).toMatch(/^q_config dmz /m);
    expect(calls(zone(port, { dmz: port }))).not.toContain('public');
    expect(JSON.stringify(left?.task.probe)).toContain('$q_active dmz;');
  });

  it('stays where it is in a range, of which others may have the rest', () => {
    const range = '<port port="440-450" protocol="tcp"/>';
    expect(judged(made, zone(range))[1]).toEqual({
      is: 'staying',
      why: 'it is in a range of ports that its zone lets in',
    });
  });

  it('is closed in the firewall that has it, ufw or firewalld', () => {
    const [left] = opened('443/tcp from any');
    const ufw = `firewall ufw\n${MARK}shared\n### tuple ### allow tcp 443 0.0.0.0/0 any 0.0.0.0/0 in`;
    expect(judged(left ? [left] : [], ufw)).toMatchObject([{ is: 'due' }]);
    expect(judged(made, ufw)[0]).toEqual({ is: 'staying', why: 'its firewall is not active' });
  });

  it('stays where its firewall is off, or does not answer', () => {
    const off = { is: 'staying', why: 'its firewall is not active' };
    expect(judged(made, 'firewall nftables\nown-firewall nftables\n')).toEqual([off, off]);
    const [left] = takeAway(made, { declared: [] });
    const silent = { code: 1, out: `firewall firewalld\n${MARK}shared\nFailed to connect\n` };
    expect(left?.judge(silent, new World())).toEqual({
      is: 'staying',
      why: 'cannot read the rules of the firewall: exit status 1: Failed to connect',
    });
  });
});

describe('a key that no role declares any more', () => {
  const file = (text: string) =>
    ['passwd ann 1000:1000::/home/ann:/bin/sh', 'home /home/ann', textFile(text).split(`\n${MARK}`)[0]].join(
      `\n${MARK}\n`,
    );
  const wish = authorizedKeys('ann', { keys: [ANN, BOB] });
  const made = kept(wish);

  it('is known by user and fingerprint, whatever its comment', () => {
    expect(made.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      expect.stringMatching(/^key ann SHA256:[\w+/]{43}$/),
      expect.stringMatching(/^key ann SHA256:[\w+/]{43}$/),
    ]);
    expect(kept(authorizedKeys('ann', { keys: `${key('a')} other` }))[0]?.name).toBe(made[0]?.name);
  });

  it('goes, one after the other, and those of others stay', () => {
    const other = `# mine\n${key('c')} theirs\n`;
    const verdicts = judged(made, file(`${ANN} renamed\n${other}${BOB}\n`));
    expect(verdicts.map((one) => (one.is === 'due' ? one.changes[0]?.text?.after : one))).toEqual([
      `${ANN} renamed\n${other}`,
      other,
    ]);
  });

  it.each([
    ['is gone', `${key('c')} c\n`, { is: 'gone' }],
    [
      'has other options by now',
      `no-pty ${ANN}\n`,
      { is: 'staying', why: 'it has changed since it was made' },
    ],
  ])('%s', (_name, text, verdict) => {
    expect(judged(kept(authorizedKeys('ann', { keys: ANN })), file(text))).toEqual([verdict]);
  });

  it('is none that was there before it was declared', () => {
    const changes = wish.diff(
      {
        code: 0,
        out: [
          'passwd ann 1000:1000::/home/ann:/bin/sh',
          'home /home/ann',
          'stat directory|700|ann|ann|1|1000|1000|/home/ann/.ssh',
          `stat regular file|600|ann|ann|1|1000|1000|/x\ntext\n${Buffer.from(`${BOB}\n`).toString('base64')}`,
          'above directory /home/ann',
        ].join(`\n${MARK}\n`),
      },
      new World(),
    );
    expect(kept(wish, changes).map(({ name }) => name)).toEqual([made[0]?.name]);
  });
});

describe('what else is on record', () => {
  it('is the line that a mount brought to the table', () => {
    const task = mount('/data', { source: '/dev/sdb1', type: 'ext4' });
    const change = (before: string | null) =>
      ({
        kind: 'update',
        property: 'at boot',
        before,
        after: 'x',
        certainty: 'certain',
        resource: 'm',
      }) as const;
    const line = '/dev/sdb1 /data ext4 defaults 0 0\n';
    const [ours] = kept(task, [change(null)]);
    expect(ours).toMatchObject({ kind: 'lines', name: '/etc/fstab' });
    expect(judged(ours ? [ours] : [], textFile(`a /b c\n${line}`))).toMatchObject([
      { is: 'due', changes: [{ text: { after: 'a /b c\n' } }] },
    ]);
    expect(kept(task, [change('/dev/sdb1 /data xfs')])).toMatchObject([{ there: true }]);
    expect(kept(mount('/data', { source: '/dev/sdb1', state: 'absent' }))).toEqual([]);
  });

  it.each([
    gitCheckout('/srv/site', { repository: 'https://x/site.git', version: 'v1' }),
    archive('/srv/site', { url: 'https://x/site.tgz', sha256: 'a'.repeat(64), creates: 'bin/site' }),
  ])('is the folder that was filled whole, which a person takes away: $title', (task) => {
    const made = kept(task);
    expect(made).toMatchObject([{ kind: 'tree', name: '/srv/site' }]);
    const there = 'stat directory|755|root|root|3|0|0|/srv/site';
    expect(judged(made, there)).toMatchObject([{ is: 'staying', why: expect.stringContaining('absent(') }]);
    expect(judged(made, '')).toEqual([{ is: 'gone' }]);
  });
});

it('is on record again once the host has taken its removal back', () => {
  const dir = scratch();
  const records = join(dir, 'made');
  const others = '{"kind":"file","name":"/etc/motd","role":"web","digests":[]}\n';
  writeFileSync(records, others);
  const unit = { kind: 'unit', name: 'web-firewall.service', role: 'web', digests: [] } as const;
  const line = lineOf(unit);
  const [left] = takeAway([{ ...unit, kept: [{ dir, line }] }], { declared: [] });
  const changes = left?.task.diff({ code: 0, out: 'ActiveState=active\n' }, new World()) ?? [];
  const undo = left?.task.guard?.undo(changes).text ?? '';
  for (let times = 0; times < 2; times++)
    spawnSync('sh', ['-s'], { input: `systemctl() { exit 1; }\n${undo}` });
  expect(readFileSync(records, 'utf8')).toBe(`${others}${line}\n`);
});
