import { generate } from 'selfsigned';
import { describe, expect, it } from 'vitest';
import {
  certificateFaults,
  endOf,
  type MemberCertificate,
  memberCertificate,
} from '../../../../lib/etcd/facts/found-certificates.ts';
import type { Member } from '../../../../lib/etcd/model/cluster.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const GOOD: MemberCertificate = {
  file: 'server.pem',
  from: new Date('2026-01-01T00:00:00Z'),
  until: new Date('2036-01-01T00:00:00Z'),
  names: ['10.0.0.2', 'localhost', '127.0.0.1'],
  lacks: [],
};

const judge = (address: string, change: Partial<MemberCertificate>) =>
  certificateFaults(
    { host: 'etcd02', address, peerAddress: address, certDir: '/opt/etcd/ssl' } as Member,
    [{ ...GOOD, ...change }],
    NOW,
  ).map(({ message }) => message);

describe('a certificate of a member', () => {
  it.each<[string, string, Partial<MemberCertificate>, string[]]>([
    ['is fine', '10.0.0.2', {}, []],
    [
      'lacks the address',
      '10.0.0.9',
      {},
      [
        'etcd02: /opt/etcd/ssl/server.pem is for 10.0.0.2, localhost, 127.0.0.1, it needs 10.0.0.9: a run reissues it',
      ],
    ],
    [
      'has no names at all',
      '10.0.0.2',
      { file: 'peer.pem', names: [] },
      ['etcd02: /opt/etcd/ssl/peer.pem is for no name, it needs 10.0.0.2: a run reissues it'],
    ],
    [
      'is over',
      '10.0.0.2',
      { until: new Date('2026-05-30T00:00:00Z') },
      ['etcd02: /opt/etcd/ssl/server.pem ended 2026-05-30: a run renews it'],
    ],
    [
      'is not valid yet',
      '10.0.0.2',
      { from: new Date('2026-06-01T13:00:00Z') },
      ['etcd02: /opt/etcd/ssl/server.pem is valid from 2026-06-01T13:00:00.000Z only: is the clock right?'],
    ],
    [
      'may not be shown by a client',
      '10.0.0.2',
      { lacks: ['client auth'] },
      ['etcd02: /opt/etcd/ssl/server.pem is not for client auth: a run reissues it'],
    ],
    ['spells IPv6 in full', 'fd00::2', { names: ['FD00:0:0:0:0:0:0:2'] }, []],
    ['spells a name in capitals', 'etcd02.example.com', { names: ['ETCD02.example.com'] }, []],
    ['has a wildcard', 'etcd02.example.com', { names: ['*.example.com'] }, []],
    [
      'has a wildcard a level too high',
      'etcd02.db.example.com',
      { names: ['*.example.com'] },
      [expect.stringContaining('it needs etcd02.db')],
    ],
  ])('%s', (_name, address, change, expected) => {
    expect(judge(address, change)).toEqual(expected);
  });

  it('that ended with its CA is renewed by no run', () => {
    const member = { host: 'a', address: '10.0.0.2', peerAddress: '10.0.0.2', certDir: '/s' } as Member;
    const ended = { ...GOOD, until: new Date('2026-05-30T00:00:00Z') };
    const [fault] = certificateFaults(member, [ended], NOW, new Date('2026-05-31T00:00:00Z'));
    expect(fault?.message).toBe('a: /s/server.pem ended 2026-05-30, and so did its CA: only a new one helps');
  });

  it('is read from PEM with what stands around it', async () => {
    const { cert } = await generate([{ name: 'commonName', value: 'etcd02' }], {
      notBeforeDate: GOOD.from,
      notAfterDate: GOOD.until,
      extensions: [
        {
          name: 'subjectAltName',
          altNames: [
            { type: 2, value: 'localhost' },
            { type: 7, ip: '10.0.0.2' },
            { type: 7, ip: 'fd00::2' },
          ],
        },
      ],
    });
    expect(memberCertificate('peer.pem', `subject=etcd02\n${cert}\nmore`)).toEqual({
      file: 'peer.pem',
      pem: `subject=etcd02\n${cert}\nmore`,
      from: GOOD.from,
      until: GOOD.until,
      commonName: 'etcd02',
      names: ['localhost', '10.0.0.2', expect.stringMatching(/^FD00:0:0:0:0:0:0:2$/i)],
      lacks: [],
      keyType: 'rsa-2048',
    });
  });

  it('is none when the file is empty or damaged', () => {
    expect(memberCertificate('peer.pem', '')).toBeUndefined();
    expect(
      memberCertificate('peer.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'),
    ).toBeUndefined();
  });

  it('counts to the end of the first that ends', () => {
    const early = new Date('2027-01-01T00:00:00Z');
    expect(endOf([GOOD, { ...GOOD, file: 'peer.pem', until: early }])).toEqual(early);
    expect(endOf([])).toBeUndefined();
  });
});
