import { expect, it } from 'vitest';
import { MARK } from '../../../../../lib/dsl/shell/probe.ts';
import { refuseStrangers } from '../../../../../lib/etcd/operations/members/users.ts';
import { fakeCluster, memberReading } from '../../../support/fake-cluster.ts';

const NOBODY = `${MARK}@nobody! 0 Error: etcdserver: authentication failed, invalid user ID or password\n${MARK}@nobody 1 `;

/** What becomes of etcd03 as a newcomer, where `user get` prints this; `commonName` is of the certificate that asks. */
async function admit(said: string, { nobody = NOBODY, commonName = 'etcd01' } = {}): Promise<string> {
  const from = new Date(0);
  const certificate = { file: 'server.pem', from, until: from, names: [], lacks: [], commonName } as const;
  const { cluster, hosts } = fakeCluster([
    {
      facts: { reading: memberReading({ certificates: [certificate] }) },
      says: () => `${nobody}\n${said}`,
    },
    {},
    {},
  ]);
  return refuseStrangers(hosts[0]!, cluster.members.slice(2)).then(
    () => 'let in',
    (error) => `${error.errors[0].exitCode} ${error.errors[0].message}`,
  );
}

const UNKNOWN = `${MARK}@user0! 0 Error: etcdserver: user name not found\n${MARK}@user0 1 `;

it('a newcomer who is no user of etcd, or has no role root, is told before anything is added', async () => {
  const refused =
    /^3 etcd03: authentication is enabled, .*, on etcd01: .*etcdctl --user=root user grant-role etcd03 root; /;
  expect(await admit(UNKNOWN)).toMatch(refused);
  expect(await admit(`${MARK}@user0 0 User: etcd03\nRoles:`)).toMatch(refused);
  expect(await admit(`${MARK}@user0 0 User: etcd03\nRoles: rooting`)).toMatch(refused);
});

it.each<[string, string, Parameters<typeof admit>[1]?]>([
  ['has the role root', `${MARK}@user0 0 User: etcd03\nRoles: backup root`],
  ['may not be asked for', `${MARK}@user0! 0 Error: etcdserver: permission denied\n${MARK}@user0 1 `],
  ['needs no user', UNKNOWN, { nobody: `${MARK}@nobody 0 ` }],
  ['has the common name of all members', UNKNOWN, { commonName: 'etcd' }],
])('a newcomer who %s is let in', async (_who, said, change = {}) => {
  expect(await admit(said, change)).toBe('let in');
});
