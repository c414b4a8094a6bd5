import { isLoopback } from '../../../../addresses.ts';
import { quote } from '../../../../dsl/shell/sh.ts';
import { isUp } from '../../../facts/index.ts';
import { notMounted } from '../../../facts/unmounted.ts';
import type { About } from '../about.ts';
import type { CauseId } from '../causes/index.ts';
import { dataDirOf, isUnmounted, ownLogs } from '../data.ts';
import type { Evidence } from '../evidence.ts';
import { mend, on, type Remedy, site, start, withoutDropIns } from '../remedies.ts';
import { aboutMember, type Clue, isHealthy, type Scene } from '../scene.ts';

/** MiB below which etcd cannot allocate its next WAL segment. */
const SEGMENT = 64;

/** Milliseconds; etcd itself warns from there. */
const SKEW = 1000;

/** What is wrong on one host, whatever the others say. */
export function ofHost(one: Evidence, scene: Scene): readonly Clue[] {
  const { member, facts, free, settings } = one;
  const about = aboutMember(member, scene);
  const clue = (cause: CauseId, evidence: string, remedy?: Remedy): Clue => ({
    cause,
    host: member.host,
    evidence: `${member.host}: ${evidence}`,
    ...(remedy && { remedy }),
  });
  const { clock, listeners } = facts.host;
  const mib = free && Math.floor(free.kiB / 1024);
  return [
    ...(free && mib !== undefined && mib < SEGMENT
      ? [clue('disk-full', `${free.mount} has ${mib} MiB left, a WAL segment takes ${SEGMENT}`)]
      : []),
    ...(isUnmounted(one) && !isHealthy(one)
      ? one.unmounted.map((mount) =>
          clue('unmounted', notMounted(mount), mend(about, `mount ${quote(mount)}`)),
        )
      : []),
    ...ofMounts(one).map(({ cause, mount, option, used }) =>
      clue(
        cause,
        `${mount} is mounted ${option}, and ${used} lies there`,
        mend(about, `mount -o remount,${option === 'ro' ? 'rw' : 'exec'} ${quote(mount)}`),
      ),
    ),
    ...(isHealthy(one)
      ? []
      : ownLogs(one)
          .filter(({ size }) => size === 0)
          .map(({ path }) => clue('corrupt-wal', `${path} is empty`))),
    ...listeners.map(({ port, pid, program, address }) =>
      clue(
        'port-taken',
        `port ${port} is taken by ${program ?? 'another process'}${pid === undefined ? '' : ` (pid ${pid})`} on ${address}`,
        pid === undefined
          ? undefined
          : [
              on(member, `systemctl status ${pid} tells whose it is; stop it, or change the port`),
              site(about),
            ],
      ),
    ),
    ...one.lockers.map(({ pid, program }) =>
      clue('locked', `${program} (pid ${pid}) has locked ${dataDirOf(one)}/member/snap/db`, [
        on(member, `systemctl status ${pid} tells whose it is; stop it`),
        start(about),
      ]),
    ),
    ...(clock && Math.abs(clock.offset) - clock.within > SKEW
      ? [
          clue(
            'clock',
            `its clock is ${(Math.abs(clock.offset) / 1000).toFixed(1)} s ${clock.offset > 0 ? 'ahead of' : 'behind'} this machine's`,
          ),
        ]
      : []),
    ...[...settings]
      .filter(([name, value]) => /_(?:CLIENT|PEER)_URLS$/.test(name) && speaksHttp(value))
      .map(([name, value]) => clue('http', `${member.configDir}/etcd.conf has ${name}="${value}"`)),
    ...ofProcess(one, about).map(({ cause, evidence, remedy }) => clue(cause, evidence, remedy)),
    ...(isUp(facts) ? [] : [clue('stopped', `${member.service} is ${facts.service}`)]),
  ];
}

function ofMounts({ mounts, member }: Evidence) {
  return mounts.flatMap(({ path, mount, options }) => {
    const found = (cause: CauseId, option: string) => [{ cause, mount, option, used: path }];
    if (path === member.binDir) return options.includes('noexec') ? found('program', 'noexec') : [];
    return path !== member.certDir && options.includes('ro') ? found('read-only', 'ro') : [];
  });
}

/** On loopback it may, where `etcd_loopback_http` says so. */
function speaksHttp(urls: string): boolean {
  return urls.split(',').some((url) => {
    if (!URL.canParse(url)) return false;
    const { protocol, hostname } = new URL(url);
    return protocol === 'http:' && !isLoopback(hostname);
  });
}

function ofProcess(
  one: Evidence,
  about: About,
): readonly { readonly cause: CauseId; readonly evidence: string; readonly remedy?: Remedy }[] {
  const { process, dropIns, journal } = one;
  if (process === undefined) return [];
  const { pid, state, proxies } = process;
  return [
    ...(!isHealthy(one) && /^[tT]$/.test(state)
      ? [
          {
            cause: 'hung' as const,
            evidence: `process ${pid} was stopped by a signal`,
            remedy: [on(about.member, `kill -CONT ${pid}`)],
          },
        ]
      : []),
    // Others reach it by themselves, so that it may seem well.
    ...(proxies.length > 0 && (!isHealthy(one) || journal.some(({ cause }) => cause === 'proxy'))
      ? [
          {
            cause: 'proxy' as const,
            evidence: `process ${pid} has ${proxies.join(', ')}`,
            // What the unit says keeps those of the host away.
            ...(dropIns.length > 0 && { remedy: withoutDropIns(about, dropIns) }),
          },
        ]
      : []),
  ];
}
