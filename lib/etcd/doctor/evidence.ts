import { joinSh, type Sh, sh } from '../../dsl/sh.ts';
import { type MemberCertificate, memberCertificate } from '../certificates.ts';
import type { EtcdFacts } from '../facts.ts';
import type { Member } from '../model.ts';
import { type PortReading, parsePorts, probePorts } from '../ports.ts';
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
}

/** Lines of the journal that are looked at: enough for what keeps coming. */
const LINES = 400;

/** Minutes that the journal is read back. */
const MINUTES = 10;

/** Read-only shell; the facts' probe says the rest. */
export function probeEvidence(member: Member, others: readonly Member[]): Sh {
  const { manager, service, stateDir, dataDir, certDir } = member;
  const journal =
    manager === 'systemd' ? journalSinceStart(service) : sh`tail -n ${LINES} ${`${stateDir}/${service}.log`}`;
  return joinSh([
    sh`echo ==journal; { ${journal}; } 2>/dev/null
echo; echo ==space; q_dir=${dataDir}; while [ ! -e "$q_dir" ]; do q_dir=\${q_dir%/*} q_dir=\${q_dir:-/}; done; df -Pk "$q_dir" | tail -n 1
echo ==data; stat -c '%a %U' ${dataDir} 2>/dev/null
for q_pem in server.pem peer.pem; do echo "==$q_pem"; cat ${certDir}/"$q_pem" 2>/dev/null; done
echo; echo ==ports`,
    probePorts(others),
  ]);
}

/** Of the last start only: what an earlier one died of may be long mended. systemd below 232 numbers no starts. */
function journalSinceStart(service: string): Sh {
  return sh`q_start=$(systemctl show -p InvocationID ${service}.service) q_start=\${q_start#InvocationID=}
if [ -n "$q_start" ]; then set -- "_SYSTEMD_INVOCATION_ID=$q_start" + "INVOCATION_ID=$q_start"; else set -- --unit ${service}.service; fi
journalctl --no-pager --output=cat --lines=${LINES} ${`--since=-${MINUTES}min`} "$@"`;
}

/** Takes apart what `probeEvidence` printed. */
export function parseEvidence(
  member: Member,
  facts: EtcdFacts,
  others: readonly Member[],
  out: string,
): Evidence {
  const parts = new Map<string, string>();
  for (const part of out.split(/^==(?=(?:journal|space|data|server\.pem|peer\.pem|ports)$)/m)) {
    const end = part.indexOf('\n');
    parts.set(part.slice(0, end), part.slice(end + 1).trim());
  }
  const [, kiB, mount] = /^.* \d+ +\d+ +(\d+) +[\d-]+%? +(\/.*)$/.exec(parts.get('space') ?? '') ?? [];
  const [mode, owner] = (parts.get('data') ?? '').split(' ');
  return {
    member,
    facts,
    journal: readJournal(parts.get('journal') ?? ''),
    ports: parsePorts(member.host, others, parts.get('ports') ?? ''),
    free: mount === undefined ? undefined : { mount, kiB: Number(kiB) },
    data: mode && owner ? { mode: mode.padStart(4, '0'), owner } : undefined,
    certificates: (['server.pem', 'peer.pem'] as const).flatMap((file) => {
      const pem = parts.get(file) ?? '';
      const certificate = memberCertificate(file, pem);
      return certificate ? [{ ...certificate, pem }] : [];
    }),
  };
}
