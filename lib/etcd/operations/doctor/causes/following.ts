import { hostPort } from '../../../model/cluster.ts';
import { verbLine } from '../../../verb-line.ts';
import { DOCTOR, journalCommand, on, path, site } from '../remedies.ts';
import type { Cause } from './cause.ts';

/** What usually comes of something else. */
export const FOLLOWING = [
  {
    id: 'refused',
    title: 'nothing listens there: the member is down, or bound elsewhere',
    next: ({ member }) => [
      member.manager === 'systemd'
        ? on(member, `systemctl status ${member.service}`, 'ss -ltnp')
        : on(member, journalCommand(member)),
    ],
    follows: true,
  },
  {
    id: 'rejected',
    title: 'the other side rejects the certificate',
    next: ({ member }) => {
      const file = (name: string) => path(member, `${member.certDir}/${name}`);
      const [there, here] = [hostPort(member.peerAddress, member.peerPort), file('peer.pem')];
      return [
        on(
          member,
          `openssl s_client -connect ${there} -cert ${here} -key ${file('peer-key.pem')} -CAfile ${file('ca.pem')} says why`,
        ),
      ];
    },
    follows: true,
  },
  {
    id: 'unhealthy',
    title: 'the cluster refuses changes of its members while one is unhealthy',
    next: () => ['heal that member, wait 5 s, and try again'],
    follows: true,
  },
  {
    id: 'start-timeout',
    title: 'systemd gave up waiting: a member says it is ready once there is quorum',
    next: (about) => [`start the other members at the same time: ${site(about)}`],
    follows: true,
  },
  {
    id: 'gave-up',
    title: 'systemd saw it end',
    next: ({ member }) => [on(member, journalCommand(member))],
    follows: true,
  },
  {
    id: 'no-peers',
    title: 'a member that joins gets no answer from the others',
    next: () => ['bring the others up', DOCTOR],
    follows: true,
  },
  {
    id: 'no-quorum',
    title: 'there is no quorum: too few members answer each other',
    next: (about) => [
      'bring a majority of the members up',
      `where that cannot be done any more: ${verbLine('recover', about.cluster, '--check')} shows what is left`,
    ],
    follows: true,
  },
  {
    id: 'slow',
    title: 'disk or CPU is too slow for etcd',
    next: ({ member }) => [
      on(member, 'iostat -x 1; look at etcd_disk_wal_fsync_duration_seconds and at who else uses the disk'),
    ],
    follows: true,
  },
] as const satisfies readonly Cause[];
