import type { Play, PlayRun } from '../../../dsl/play.ts';
import type { Role } from '../../../dsl/role.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import { readCrl } from '../../../pki/index.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { askedOf, halfWay, restingRotation } from '../../health/half-way.ts';
import { letsInRevoked } from '../../health/revoked.ts';
import { listWarnings } from '../../health/revoked-list.ts';
import { openRotation } from '../../survey/intents.ts';
import { listsThatCount } from '../../survey/revocations.ts';
import { clustersOf, type Surveyed } from '../../surveyed.ts';
import { verbLine } from '../../verb-line.ts';
import { type Operation, operationPlay } from '../common/operation.ts';
import { clientSaid, deriveClient } from './clients.ts';
import { deriveList } from './company-list.ts';
import { deriveImport, deriveRequests, requestsSaid } from './external.ts';
import { certsProblems, isAskedFor, jobOf } from './flags.ts';
import { mayMissToLay } from './lists.ts';
import { deriveRenewal } from './renew.ts';
import { deriveRevocation } from './revoke.ts';
import { deriveRotation, rotationSaid } from './rotation/carry-out.ts';
import { judgeCertificates, lackingCertificates, readCertificates } from './table.ts';

/**
 * The certificates of a cluster: looked at, renewed, issued for clients, moved to another CA.
 *
 * @param roles What a member's host is to be like: that of certificates, and those of what loads them.
 * @param words Names after the flags.
 */
export function certsPlay(roles: readonly Role<EtcdFacts>[], words: readonly string[] = []): Play<EtcdFacts> {
  return operationPlay(certsOperation(words), roles);
}

function certsOperation(words: readonly string[]): Operation {
  return {
    name: 'certs',
    check: (hosts) => certsProblems(hosts, words),
    derive: async (run, surveyed) => {
      const { vars } = surveyed.hosts[0]!.target;
      switch (jobOf(vars)) {
        case 'renew':
          return deriveRenewal(run, surveyed, words);
        case 'csr':
          return deriveRequests(run, surveyed, {
            dir: String(vars.csr),
            names: words,
            ...(vars.client !== undefined && { client: String(vars.client) }),
          });
        case 'import':
          return deriveImport(run, surveyed, [String(vars.import), ...words]);
        case 'client':
          return deriveClient(run, surveyed, String(vars.client));
        case 'revoke':
          return deriveRevocation(run, surveyed, String(vars.revoke));
        case 'crl':
          return deriveList(run, surveyed, String(vars.crl));
        case 'rotate-ca':
          return deriveRotation(run, surveyed);
        default:
          return [];
      }
    },
    mayMiss: (run) => {
      const vars = run.hosts[0]?.target.vars ?? {};
      if (['revoke', 'crl'].includes(jobOf(vars))) return mayMissToLay(run);
      return ['look', 'client'].includes(jobOf(vars)) ? run.unreachable : [];
    },
    mayBeBare: ({ vars }) => ['csr', 'import'].includes(jobOf(vars)),
    question({ cluster, hosts }) {
      const vars = hosts[0]?.target.vars ?? {};
      if (!isAskedFor(vars)) return undefined;
      const cost = jobOf(vars) === 'renew' ? 'with other keys a handshake may fail for a moment: ' : '';
      return `${cluster.name}: ${cost}go on?`;
    },
    verify,
  };
}

/** Reads all again, and says what became of it. */
async function verify(run: PlayRun<EtcdFacts>): Promise<void> {
  const [surveyed] = clustersOf(run);
  if (surveyed === undefined) return;
  const { vars } = surveyed.hosts[0]!.target;
  if (jobOf(vars) === 'csr') {
    const requests = requestsSaid(surveyed, String(vars.csr));
    if (requests !== undefined) run.log('info', requests);
    return;
  }
  const state = await readCertificates(surveyed);
  run.show({ event: 'certificates', ...state });
  const judged = [judgeCertificates(state.certificates), lackingCertificates(surveyed, state.certificates)];
  const warnings = [...judged.flatMap((one) => one.warnings), ...listWarnings(surveyed)];
  for (const line of warnings) run.log('warning', line);
  const problems = judged.flatMap((one) => one.problems);
  const job = jobOf(vars);
  const isHalfWay = job === 'look' && (await tellHalfWay(run, surveyed));
  if (job === 'client') run.log('info', clientSaid(surveyed, String(vars.client)));
  const isRotating = job === 'rotate-ca' || (job === 'import' && openRotation(surveyed.hosts));
  const said = isRotating ? await rotationSaid(surveyed) : undefined;
  if (said !== undefined) run.log('info', said);
  if (problems.length > 0) throw unsound(surveyed, problems);
  if (run.unreachable.length > 0) throw unseen(run, surveyed);
  if (isHalfWay) return;
  const { length } = state.certificates;
  run.conclude(`${surveyed.cluster.name}: ${length} certificates, all of them valid`);
}

/** A rotation that rests is said; what is half-way, or lets in who is revoked, is a fault, and true comes back. */
async function tellHalfWay(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<boolean> {
  for (const line of restingRotation(askedOf(surveyed))) run.log('warning', line);
  const lists = await listsThatCount(surveyed, await readCrl(surveyed.cluster.pkiDir));
  const found = [...halfWay(askedOf(surveyed), []), ...letsInRevoked(surveyed.hosts, lists)];
  for (const { message, hint = '' } of found)
    run.fail(new QuorateError(`${surveyed.cluster.name}: ${message}`, { exitCode: EXIT.unhealthy, hint }));
  return found.length > 0;
}

function unsound({ cluster }: Surveyed, problems: readonly string[]): QuorateError {
  return new QuorateError(
    [
      `${cluster.name}: certificates that are missing or of no use:`,
      ...problems.map((line) => `  ${line}`),
    ].join('\n'),
    {
      exitCode: EXIT.unhealthy,
      hint: '--renew makes those of members and clients anew, --rotate-ca the CA',
    },
  );
}

function unseen({ unreachable }: PlayRun<EtcdFacts>, { cluster, hosts }: Surveyed): QuorateError {
  const { revoke, crl } = hosts[0]?.target.vars ?? {};
  const again = revoke !== undefined ? ['--revoke', String(revoke)] : ['--crl', String(crl)];
  return new QuorateError(`${cluster.name}: not reached, so not looked at: ${unreachable.join(', ')}`, {
    exitCode: EXIT.unreachable,
    ...((revoke ?? crl) !== undefined && {
      hint: `a revoked client is still let in there; once it is back: ${verbLine('certs', cluster, ...again)}`,
    }),
  });
}
