import { joinSh, type Sh, sh } from '../../../dsl/sh.ts';
import { type MemberCertificate, memberCertificate } from '../../facts/found-certificates.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { type PortReading, parsePorts, probePorts } from '../../health/ports.ts';
import type { Member } from '../../model/cluster.ts';
import { logFile } from '../../model/paths.ts';
import { type JournalFinding, readJournal } from './journal.ts';

/** What is known of one member, gathered without changing anything. */
export interface Evidence {
  readonly member: Member;
  readonly facts: EtcdFacts;
  readonly journal: readonly JournalFinding[];
  /** From this host to the others. */
  readonly ports: readonly PortReading[];
  /** KiB left where the data is. */
  readonly free: { readonly mount: string; readonly kiB: number } | undefined;
  /** Octal mode and owner of the data directory. */
  readonly data: { readonly mode: string; readonly owner: string } | undefined;
  readonly certificates: readonly (MemberCertificate & { readonly pem: string })[];
  /** Settings of etcd.conf that make it speak http. */
  readonly plaintext: readonly string[];
}

/** Lines of the journal that are looked at: enough for what keeps coming. */
const LINES = 400;

/**
 * Minutes that the journal is read back: of a member that is well only the last one. What it says of others it
 * says again every few seconds, as long as that is so.
 */
const MINUTES = { sick: 10, well: 1 } as const;

/** Read-only shell; the facts' probe says the rest. */
export function probeEvidence(member: Member, others: readonly Member[], state: keyof typeof MINUTES): Sh {
  const { manager, service, configDir, dataDir, certDir } = member;
  const journal =
    manager === 'systemd'
      ? journalSinceStart(service, MINUTES[state])
      : sh`tail -n ${LINES} ${logFile(member)}`;
  const files = member.logFiles.length > 0 ? sh`tail -q -n ${LINES} ${member.logFiles}` : sh`:`;
  return joinSh([
    sh`echo ==journal; { ${journal}; ${files}; } 2>/dev/null
echo; echo ==space; q_dir=${dataDir}; while [ ! -e "$q_dir" ]; do q_dir=\${q_dir%/*} q_dir=\${q_dir:-/}; done; df -Pk "$q_dir" | tail -n 1
echo ==data; stat -c '%a %U' ${dataDir} 2>/dev/null
for q_pem in server.pem peer.pem; do echo "==$q_pem"; cat ${certDir}/"$q_pem" 2>/dev/null; done
echo; echo ==plaintext; grep -E '^ETCD_(LISTEN|(INITIAL_)?ADVERTISE)_(CLIENT|PEER)_URLS=.*http:' ${`${configDir}/etcd.conf`} 2>/dev/null
echo; echo ==ports`,
    probePorts(others),
  ]);
}

/**
 * Of the last start only: what an earlier one died of may be long mended. Of one that systemd starts again and
 * again the last minute: the start under way has not come to what the ones before died of. systemd below 232
 * numbers no starts.
 */
function journalSinceStart(service: string, minutes: number): Sh {
  return sh`q_unit=$(systemctl show -p NRestarts -p ActiveState -p InvocationID ${service}.service)
q_start=\${q_unit#*InvocationID=} q_start=\${q_start%%"$q_nl"*}
case $q_unit in
  *NRestarts=[1-9]*ActiveState=activating* | *ActiveState=activating*NRestarts=[1-9]*) set -- --unit ${service}.service --since=-1min ;;
  *InvocationID=?*) set -- "_SYSTEMD_INVOCATION_ID=$q_start" + "INVOCATION_ID=$q_start" ;;
  *) set -- --unit ${service}.service ;;
esac
# Not --lines: with --since it gives the oldest.
journalctl --no-pager --output=cat ${`--since=-${minutes}min`} "$@" | tail -n ${LINES}`;
}

/** Takes apart what `probeEvidence` printed. */
export function parseEvidence(
  member: Member,
  facts: EtcdFacts,
  others: readonly Member[],
  out: string,
): Evidence {
  const parts = new Map<string, string>();
  for (const part of out.split(/^==(?=(?:journal|space|data|server\.pem|peer\.pem|plaintext|ports)$)/m)) {
    const end = part.indexOf('\n');
    parts.set(part.slice(0, end), part.slice(end + 1).trim());
  }
  const [, kiB, mount] = /^.* \d+ +\d+ +(\d+) +[\d-]+%? +(\/.*)$/.exec(parts.get('space') ?? '') ?? [];
  const [mode, owner] = (parts.get('data') ?? '').split(' ');
  return {
    member,
    facts,
    journal: readJournal(lastStarts(parts.get('journal') ?? '')),
    ports: parsePorts(member.host, others, parts.get('ports') ?? ''),
    free: mount === undefined ? undefined : { mount, kiB: Number(kiB) },
    data: mode && owner ? { mode: mode.padStart(4, '0'), owner } : undefined,
    certificates: (['server.pem', 'peer.pem'] as const).flatMap((file) => {
      const pem = parts.get(file) ?? '';
      const certificate = memberCertificate(file, pem);
      return certificate ? [{ ...certificate, pem }] : [];
    }),
    plaintext: (parts.get('plaintext') ?? '').split('\n').filter(Boolean),
  };
}

/** From the last start but one on, by systemd's own lines: the one under way may not have come to its end yet. */
function lastStarts(journal: string): string {
  const starts = [...journal.matchAll(/^Starting .*$/gm)];
  return journal.slice(starts.at(-2)?.index ?? 0);
}
