import { describe, expect, it } from 'vitest';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import { firewalld } from '../../../lib/resources/firewall/firewalld.ts';
import { firewall } from '../../../lib/resources/firewall/index.ts';
import { ufw } from '../../../lib/resources/firewall/ufw.ts';
import { textFile } from '../support/edits.ts';

const MEMBER = '10.0.52.14';
const PEER = { port: 2380, protocol: 'tcp', sources: [MEMBER], service: 'etcd-server' } as const;

describe('a rule of ufw that shuts out a member', () => {
  const denied = (...tuples: string[]) =>
    ufw.denial(PEER, MEMBER, tuples.map((one) => `### tuple ### ${one}`).join('\n'))?.rule;
  const OURS = `allow tcp 2380 0.0.0.0/0 any ${MEMBER} in`;

  it.each<[string, readonly string[], string]>([
    ['for everybody', ['deny tcp 2380 0.0.0.0/0 any 0.0.0.0/0 in', OURS], 'deny 2380/tcp from any'],
    [
      'for both protocols, logged',
      ['reject_log any 2380 0.0.0.0/0 any 0.0.0.0/0 in comment=6f'],
      'reject 2380/any from any',
    ],
    [
      'for ports among which it is',
      ['deny tcp 22,2300:2400 0.0.0.0/0 any 10.0.0.0/8 in'],
      'deny 22,2300:2400/tcp from 10.0.0.0/8',
    ],
    ['for all of that host', [`deny any any 0.0.0.0/0 any ${MEMBER} in`], `deny any/any from ${MEMBER}`],
    [
      'after an entry that goes',
      ['allow tcp 2380 0.0.0.0/0 any 10.0.0.0/8 in', 'deny any 2380 0.0.0.0/0 any 0.0.0.0/0 in'],
      'deny 2380/any from any',
    ],
  ])('is named: %s', (_what, tuples, rule) => expect(denied(...tuples)).toBe(rule));

  it.each<[string, readonly string[]]>([
    ['after ours', [OURS, 'deny tcp 2380 0.0.0.0/0 any 0.0.0.0/0 in']],
    [
      'after one that lets in all that the network sends',
      ['allow any any 0.0.0.0/0 any 10.0.0.0/8 in', 'deny any 2380 0.0.0.0/0 any 0.0.0.0/0 in'],
    ],
    [
      'after one for an interface',
      ['allow any any 0.0.0.0/0 any 0.0.0.0/0 in_eth1', 'deny any 2380 0.0.0.0/0 any 0.0.0.0/0 in'],
    ],
    ['for another port', ['deny tcp 2379 0.0.0.0/0 any 0.0.0.0/0 in']],
    ['for another protocol', ['deny udp 2380 0.0.0.0/0 any 0.0.0.0/0 in']],
    ['for another source', ['deny tcp 2380 0.0.0.0/0 any 10.0.52.98 in']],
    ['for the other family', ['deny tcp 2380 ::/0 any ::/0 in']],
    ['for one interface', ['deny tcp 2380 0.0.0.0/0 any 0.0.0.0/0 in_eth1']],
    ['for what goes out', ['deny tcp 2380 0.0.0.0/0 any 0.0.0.0/0 out']],
    ['for what is passed on', ['route:deny tcp 2380 0.0.0.0/0 any 0.0.0.0/0 in']],
  ])('is none: %s', (_what, tuples) => expect(denied(...tuples)).toBeUndefined());
});

describe('a rich rule of firewalld that shuts out a member', () => {
  const denied = (rules: readonly string[], active = 'a{sa{sas}} 0') =>
    firewalld.denial(PEER, MEMBER, zones({ public: rules }, active))?.rule;
  const DROP = '<port port="2380" protocol="tcp"/><drop/>';

  it.each<[string, string]>([
    ['for everybody', `<rule>${DROP}</rule>`],
    ['for a network', `<rule family="ipv4"><source address="10.0.52.0/24"/>${DROP}</rule>`],
    ['for all that it sends', `<rule family="ipv4"><source address="${MEMBER}"/><reject/></rule>`],
    ['for a range', '<rule priority="-5"><port port="2000-3000" protocol="tcp"/><reject/></rule>'],
    ['for the service', '<rule><service name="etcd-server"/><drop/></rule>'],
  ])('is named: %s', (_what, rule) => expect(denied([rule])).toMatch(/^zone public: rule.* (drop|reject)$/));

  it.each<[string, readonly string[]]>([
    ['looked at after ours', [`<rule priority="5">${DROP}</rule>`]],
    ['for others', [`<rule family="ipv4"><source address="10.0.52.98"/>${DROP}</rule>`]],
    ['for the other family', [`<rule family="ipv6">${DROP}</rule>`]],
    [
      'for all but a network',
      [`<rule family="ipv4"><source address="10.0.53.0/24" invert="True"/>${DROP}</rule>`],
    ],
    ['for a set', [`<rule><source ipset="bad"/>${DROP}</rule>`]],
    ['for another port', ['<rule><port port="2379" protocol="tcp"/><drop/></rule>']],
    [
      'after one that accepts',
      [
        `<rule priority="-9" family="ipv4"><source address="10.0.0.0/8"/><accept/></rule>`,
        `<rule>${DROP}</rule>`,
      ],
    ],
  ])('is none: %s', (_what, rules) => expect(denied(rules)).toBeUndefined());

  it('is none of a zone that does not judge it', () => {
    const active = 'a{sa{sas}} 1 "work" 1 "sources" 1 "10.0.52.0/24"';
    expect(
      firewalld.denial(PEER, MEMBER, zones({ public: [`<rule>${DROP}</rule>`], work: [] }, active)),
    ).toBeUndefined();
    expect(
      firewalld.denial(PEER, MEMBER, zones({ public: [], work: [`<rule>${DROP}</rule>`] }, active))?.rule,
    ).toMatch(/^zone work/);
  });
});

describe('before its rules are written, a role', () => {
  const DENIED = '### tuple ### deny tcp 2380 0.0.0.0/0 any 0.0.0.0/0 in';

  it('is told of a rule that comes before them, and how to get rid of it', () => {
    expect(() => differences([MEMBER, '10.0.52.6', '10.0.52.13'], DENIED)).toThrow(
      expect.objectContaining({
        exitCode: 3,
        message: 'ufw has a rule before ours that blocks sources of 2380/tcp: deny 2380/tcp from any',
        hint: `'ufw status numbered' shows it: take it out, or let them in before it: ufw prepend allow proto tcp from ${MEMBER} to any port 2380; ufw prepend allow proto tcp from 10.0.52.6 to any port 2380`,
      }),
    );
    expect(() => differences('any', DENIED)).toThrow('deny 2380/tcp from any');
  });

  it.each<[string, 'any' | readonly string[], string]>([
    ['the host itself is shut out', ['10.0.52.13'], DENIED],
    ['some of everybody are', 'any', DENIED.replace('any 0.0.0.0/0 in', 'any 10.0.52.0/24 in')],
    [
      'another one, whose rules are there, is shut out, and a newcomer is let in',
      [MEMBER, '10.0.52.6'],
      `${DENIED.replace('any 0.0.0.0/0 in', `any ${MEMBER} in`)}\n### tuple ### allow tcp 2380 0.0.0.0/0 any ${MEMBER} in`,
    ],
    ['its rules are there', [MEMBER], `${DENIED}\n### tuple ### allow tcp 2380 0.0.0.0/0 any ${MEMBER} in`],
  ])('goes on where %s', (_what, sources, rules) => {
    expect(() => differences(sources, rules)).not.toThrow();
  });
});

function zones(all: Readonly<Record<string, readonly string[]>>, active: string): string {
  const parts = Object.entries(all).map(
    ([name, rules]) => `${MARK}zone ${name}\na{sv} 0\n${MARK}file\n<zone>${rules.join('')}</zone>`,
  );
  return ['default s "public"', `active ${active}`, 'interface 2: eth0    inet 10.0.52.13/24', ...parts].join(
    '\n',
  );
}

function differences(sources: 'any' | readonly string[], rules: string) {
  const files = ['/etc', '/etc', '/etc/systemd/system'].map((folder) =>
    textFile(undefined).replace(/above .*/, `above directory ${folder}`),
  );
  const found = `firewall ufw\nown-firewall none\nlocal 10.0.52.13\n${MARK}table\n\n${MARK}shared\n${rules}`;
  const task = firewall('etcd', { ports: [{ port: 2380, sources }], addresses: ['10.0.52.13'] });
  return task.diff({ code: 0, out: [...files, found].join(`\n${MARK}\n`) }, new World());
}
