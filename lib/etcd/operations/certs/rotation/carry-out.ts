import type { PlayRun } from '../../../../dsl/play.ts';
import {
  bundlePath,
  dropBundle,
  fingerprint,
  makeNextCa,
  parseCertificate,
  readBundles,
  switchToNextCa,
  tellBundles,
  whyNextUnsigned,
  writeBundle,
} from '../../../../pki/index.ts';
import type { EtcdFacts } from '../../../facts/index.ts';
import { clusterPki, forgetPki, pkiOptions } from '../../../files/certificates.ts';
import { refusal } from '../../../refusal.ts';
import { isCertificate } from '../../../survey/admit-certificates.ts';
import { survey } from '../../../survey/survey.ts';
import { keepVersion } from '../../../survey/versions.ts';
import { clusterFacts, type EtcdHost, type Surveyed } from '../../../surveyed.ts';
import { verbLine } from '../../../verb-line.ts';
import { beginIntent, finishIntent } from '../../common/intent.ts';
import type { OperationStep } from '../../common/operation.ts';
import { refusePending } from '../../common/pending.ts';
import { ledger, tallyOf } from '../../common/tally.ts';
import { refuseDowntime, takeTurn } from '../turn.ts';
import { bothOf, rotationTarget } from './cas.ts';
import { refuseUnsigned, yetToSign } from './elsewhere.ts';
import { type Rotation, readRotation } from './state.ts';
import { type RotationStep, rotationSteps, waitsForClients } from './steps.ts';

/** The words of the command line. */
interface RotationWords {
  readonly clientsReady: boolean;
  readonly again: boolean;
}

/** What is left of a rotation of the CA; see `rotationSteps`. */
export async function deriveRotation(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
): Promise<readonly OperationStep[]> {
  const rotation = await readRotation(surveyed, wordsOf(surveyed));
  if ('done' in rotation) return [];
  await survey(run, keepVersion, 'certs', rotation.authority);
  refuseStopped(surveyed);
  if (rotation.open === undefined) {
    await run.each(surveyed.hosts, (host) => host.replan());
    refusePending(surveyed);
  }
  const steps = rotationSteps(rotation.state);
  if (rotation.state.isElsewhere) await refuseUnsigned(surveyed, rotation);
  else if (rotation.cas.new !== undefined && steps.some(issues)) await refuseKeyless(surveyed);
  if (steps.some(restarts)) refuseDowntime(surveyed);
  const whole = tallyOf(surveyed.hosts);
  return steps.map((step) => ({
    host: 'host' in step ? step.host : 'control',
    title: titleOf(step, rotation),
    ledger: ledger(whole, restarts(step) ? { healthy: -1 } : {}),
    carryOut: () => carryOut(run, surveyed, rotation, step),
  }));
}

const TITLES: Readonly<Record<RotationStep['kind'], string>> = {
  begin: 'make a new CA, and note on every host that it is to come',
  'trust-both': 'trust the new CA beside the old one; a restart',
  switch: 'let the new CA issue from now on',
  clients: 'issue the bundles of clients under the new CA',
  reissue: 'issue its certificates under the new CA; no restart',
  'drop-old': 'trust the new CA alone; a restart',
  close: 'let bundles of clients trust the new CA alone, and note that it is done',
};

/** Where the key of the new CA is elsewhere nothing is issued here. */
function titleOf({ kind }: RotationStep, { cas, state }: Rotation): string {
  if (!state.isElsewhere || cas.new === undefined) return TITLES[kind];
  const name = parseCertificate(cas.new)?.subject.replaceAll('\n', ', ');
  const titles: Partial<typeof TITLES> = {
    begin: `note on every host that a CA is to come whose key is elsewhere: ${name}, SHA-256 ${fingerprint(cas.new).slice(0, 16)}`,
    switch: 'go by the new CA from now on',
    clients: 'let bundles of clients trust both CAs',
    reissue: 'install its certificates of the new CA; no restart',
  };
  return titles[kind] ?? TITLES[kind];
}

/** What a rotation has come to, in a sentence or two; undefined where steps are left. */
export async function rotationSaid(surveyed: Surveyed): Promise<string | undefined> {
  const { cluster } = surveyed;
  const found = await readRotation(surveyed, wordsOf(surveyed));
  if ('done' in found) {
    const print = found.done.target.replace(/^CA (.{16}).*/, '$1');
    return `${cluster.name}: its CA was rotated by run ${found.done.done}, to ${print}; --again makes another one`;
  }
  if (!waitsForClients(found.state)) return undefined;
  const [bundles, lacking] = await Promise.all([readBundles(cluster.pkiDir), yetToSign(surveyed, found)]);
  return [
    `${cluster.name}: every member trusts both CAs. What clients need now:`,
    ...bundles.map(
      ({ folder, hasKey }) =>
        `  ${folder}: its certificate and what it trusts${hasKey ? '' : '; its key is not here'}`,
    ),
    `  ${bundlePath(cluster.pkiDir)}: what every other client is to trust`,
    ...(lacking.length === 0
      ? []
      : [
          `The new CA has yet to sign ${lacking.join(', ')}: --csr DIR writes the requests, --import PATH takes in what came back.`,
        ]),
    'Once all clients have theirs: --rotate-ca --clients-ready. Certificates of the old CA are refused from then on.',
  ].join('\n');
}

function wordsOf({ hosts }: Surveyed): RotationWords {
  const vars = hosts[0]?.target.vars ?? {};
  return { clientsReady: vars['clients-ready'] === true, again: vars.again === true };
}

function issues({ kind }: RotationStep): boolean {
  return kind === 'switch' || kind === 'clients' || kind === 'reissue';
}

/** Half-way there is no way back, and none on without the key. */
async function refuseKeyless({ cluster, hosts }: Surveyed): Promise<void> {
  const why = await whyNextUnsigned(pkiOptions(hosts[0]!.target));
  if (why === undefined) return;
  throw refusal(
    cluster,
    `${why}; nothing was changed`,
    `copy the folder from where the rotation was begun; where the key is lost, move that ca.pem away, and ${verbLine('certs', cluster, '--rotate-ca', '--again')} makes another CA`,
  );
}

function restarts({ kind }: RotationStep): boolean {
  return kind === 'trust-both' || kind === 'drop-old';
}

/** Nobody knows what the certificates of a member that does not run are, nor lets it back in. */
function refuseStopped({ cluster, hosts }: Surveyed): void {
  const stopped = hosts.filter(({ target }) => target.facts.reading === undefined);
  if (stopped.length === 0) return;
  const names = stopped.map(({ target }) => target.name).join(', ');
  throw refusal(
    cluster,
    `${names}: no member runs there, and all are to go along; nothing was changed`,
    `start it, or see ${verbLine('doctor', cluster)}; one that is lost: ${verbLine('members', cluster, '--replace', names.replaceAll(' ', ''))}`,
  );
}

async function carryOut(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  rotation: Rotation,
  step: RotationStep,
): Promise<void> {
  const { cluster, hosts } = surveyed;
  const [first] = hosts;
  if (first === undefined) return;
  const { cas } = rotation;
  switch (step.kind) {
    case 'begin':
      return begin(run, first, rotation);
    case 'trust-both':
      // Certificates wait: who issues now need not be trusted by all, where the CA to come was lost.
      return takeTurn(
        run,
        surveyed,
        trusting(surveyed, step.host, bothOf(cas)),
        (one) => !isCertificate(one),
      );
    case 'switch':
      // First: once the new CA issues, clients can be told what to trust.
      await writeBundle(cluster.pkiDir, bothOf(cas));
      await switchToNextCa(cluster.pkiDir);
      forgetPki(first.target);
      return;
    case 'clients':
      return updateBundles(first, rotation, bothOf(cas));
    case 'reissue': {
      const host = trusting(surveyed, step.host, bothOf(cas));
      await host.replan();
      return host.apply(isCertificate);
    }
    case 'drop-old':
      return takeTurn(run, surveyed, trusting(surveyed, step.host, cas.new));
    case 'close':
      await updateBundles(first, rotation, cas.new);
      await dropBundle(cluster.pkiDir);
      return finishIntent(run, 'certs', wishOf(rotation, cas.new));
  }
}

async function begin(run: PlayRun<EtcdFacts>, { target }: EtcdHost, rotation: Rotation): Promise<void> {
  const options = pkiOptions(target);
  const day = new Date().toISOString().slice(0, 10);
  const made = rotation.cas.new ?? (await makeNextCa({ ...options, caName: `${options.caName} ${day}` }));
  await beginIntent(run, 'certs', wishOf(rotation, made));
}

function wishOf({ notes }: Rotation, made: string | undefined) {
  return { target: rotationTarget(made ?? ''), ...(notes && { notes }) };
}

/** Those of applications, and the pair that the playbooks use. What a CA elsewhere has signed for them is here, or to come. */
async function updateBundles(
  { target }: EtcdHost,
  { state }: Rotation,
  trusts: string | undefined,
): Promise<void> {
  if (state.isElsewhere && trusts !== undefined) return tellBundles(pkiOptions(target).dir, trusts);
  const pki = await clusterPki(target);
  await pki.ensureCa();
  for (const { name } of await readBundles(pkiOptions(target).dir)) await pki.issueBundle(name, trusts);
}

/** The host, with what it is to trust in its facts. */
function trusting(surveyed: Surveyed, name: string, trustPem: string | undefined): EtcdHost {
  const host = surveyed.hosts.find(({ target }) => target.name === name);
  const facts = clusterFacts(surveyed);
  if (host === undefined || facts === undefined) throw new Error(`${name} is not among the hosts`);
  host.target.facts.cluster = { ...facts, ...(trustPem !== undefined && { trustPem }) };
  return host;
}
