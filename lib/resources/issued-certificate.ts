import { X509Certificate } from 'node:crypto';
import { basename } from 'node:path';
import { is, must } from '../dsl/options/options.ts';
import {
  checkedPath,
  isForeseenOnly,
  type ObservedPath,
  ownershipDifferences,
  parsePath,
  requireRoom,
  SECRET,
  sha256,
} from '../dsl/path.ts';
import { type Difference, defineResource } from '../dsl/resource.ts';
import type { Secret } from '../dsl/secret.ts';
import { partsOf, probe } from '../dsl/shell/probe.ts';
import { sh } from '../dsl/shell/sh.ts';
import {
  type Ground,
  groundReads,
  parseGround,
  requireAccounts,
  requireFolder,
} from '../dsl/world/ground.ts';
import { UNKNOWN, type World } from '../dsl/world/world.ts';
import { certificateProblems, describeProblem, fingerprint } from '../pki/index.ts';
import { LaterContent } from './content/later.ts';

export interface IssuedCertificateOptions {
  readonly keyPath: string;
  readonly owner?: string;
  readonly group?: string;
  /** Exactly the names and addresses it must carry. */
  readonly sans: readonly string[];
  /** The CA it must come from, PEM; without a value before there is one. `itself`: it is its own issuer. */
  readonly ca: string | LaterContent;
  /** Milliseconds before the end at which it is due for renewal. */
  readonly renewBefore: number;
  /** The type of its key, as `rsa-2048`, and how long it lasts from its start on, in milliseconds; any unless said. */
  readonly keyType?: string;
  readonly life?: number;
  /** Fingerprints of certificates that are to go, whatever they are like. */
  readonly retired?: readonly string[];
  /** Runs on control, never in a check. */
  readonly issue: () => Promise<{ readonly certPem: string; readonly keyPem: Secret }>;
}

interface CertificateDesired extends IssuedCertificateOptions {
  readonly path: string;
}

interface ObservedPair {
  readonly certificate: ObservedPath | undefined;
  readonly key: ObservedPath | undefined;
  readonly ground: Ground;
  readonly keyGround: Ground;
  /** Digests of the two when they were installed. */
  readonly installed: readonly [certificate: string | undefined, key: string | undefined];
}

/**
 * A certificate and its key that a function on control makes: from this CA, for these names, valid for a while, and as
 * they were installed. `certificate` brings the usual functions along.
 *
 * @example
 * issuedCertificate('/etc/app/server.pem', { keyPath: '/etc/app/server-key.pem', sans: ['app.example'], ca: caPem,
 *   renewBefore: 30 * 86_400_000, issue: () => pki.issueMember('app', 'server', ['app.example']) })
 */
export const issuedCertificate = defineResource<IssuedCertificateOptions, CertificateDesired, ObservedPair>({
  kind: 'certificate',
  options: {
    keyPath: must(is.text),
    owner: is.text,
    group: is.text,
    sans: must(is.list(is.text)),
    ca: must(is.any<string | LaterContent>()),
    renewBefore: must(is.number),
    keyType: is.text,
    life: is.number,
    retired: is.list(is.text),
    issue: must(is.function()),
  },
  name: (desired) => desired.path,
  title: (desired) => `${desired.path} is valid`,
  complete: (path, options) => ({
    ...options,
    path: checkedPath(path),
    keyPath: checkedPath(options.keyPath),
  }),
  owns: ({ path, keyPath }) => [path, keyPath, next(path), next(keyPath)],
  files: ({ path, keyPath }) => [path, keyPath],
  probe: ({ path, keyPath, owner, group }) =>
    probe(
      [
        { path, how: 'text' },
        { path: keyPath, how: 'digest' },
        ...groundReads(path, { ...(owner && { owner }), ...(group && { group }) }),
        ...groundReads(keyPath, {}),
      ],
      sh`q_records issued | while IFS= read -r q_file; do
  while read -r q_sum q_name; do
    case $q_name in ${path}) echo "certificate $q_sum" ;; ${keyPath}) echo "key $q_sum" ;; esac
  done <"$q_file"
done`,
    ),
  parse({ code, out }) {
    const parts = partsOf(out);
    const [certificatePart = '', keyPart = ''] = parts;
    const installed = parts.at(-1) ?? '';
    const digest = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(installed)?.[1];
    return {
      certificate: parsePath({ code, out: certificatePart }),
      key: parsePath({ code, out: keyPart }),
      ground: parseGround(parts),
      keyGround: parseGround(parts.slice(-2)),
      installed: [digest('certificate'), digest('key')],
    };
  },
  diff: diffPair,
  foresee({ path, keyPath }, _observed, changes, world) {
    const content = needsIssuing(changes) ? { sha256: UNKNOWN } : {};
    for (const one of [path, keyPath]) world.path(one).willBe({ type: 'file', ...content });
  },
  async prepare(desired, changes) {
    if (!needsIssuing(changes)) return {};
    const { certPem, keyPem } = await desired.issue();
    return { values: { certPem, keyPem } };
  },
  apply({ path, keyPath, owner = '', group = '' }, _changes, { values }) {
    if (values === undefined) {
      return sh`q_mode ${path} 0644 ${owner} ${group} && q_mode ${keyPath} 0600 ${owner} ${group}`;
    }
    const certPem = String(values.certPem);
    const keyPem = (values.keyPem as Secret).reveal();
    // Both lie ready before either takes its place: etcd reads the pair on every handshake.
    return sh`printf %s ${keyPem} | q_write ${next(keyPath)} 0600 ${owner} ${group} || exit
printf %s ${certPem} | q_write ${next(path)} 0644 ${owner} ${group} || exit
{ if [ -f "$q_state/issued" ]; then
    while read -r q_sum q_name; do
      case $q_name in ${path} | ${keyPath}) ;; *) printf '%s %s\n' "$q_sum" "$q_name" ;; esac
    done <"$q_state/issued"
  fi
  printf '%s\n' ${`${sha256(certPem)} ${path}`} ${`${sha256(keyPem)} ${keyPath}`}; } | q_write "$q_state/issued" 0600 '' '' || exit
q_on ${keyPath} q_replace ${next(keyPath)} && q_on ${path} q_replace ${next(path)} && q_label ${keyPath} && q_label ${path} && q_remember ${keyPath} ${sha256(keyPem)}`;
  },
});

/** Where a file lies ready; one that a killed run left there is ours, too. */
function next(path: string): string {
  return `${path}.next`;
}

function diffPair(desired: CertificateDesired, observed: ObservedPair, world: World): readonly Difference[] {
  const { path, keyPath } = desired;
  const { ground, keyGround } = observed;
  const certificate = stays(path, observed.certificate, world);
  const key = stays(keyPath, observed.key, world);
  const differences = differencesOf(desired, { ...observed, certificate, key });
  if (differences.length === 0) return [];
  const sure = [requireAccounts(desired, ground, world, path)];
  if (needsIssuing(differences) && desired.ca instanceof LaterContent) desired.ca.requireAllSeen();
  if (needsIssuing(differences))
    sure.push(requireFolder(path, ground, world), requireFolder(keyPath, keyGround, world));
  const certainty = sure.includes('conditional') ? 'conditional' : 'certain';
  return differences.map((one) => ({ ...one, certainty }));
}

/** What was read, where earlier tasks leave it: what they would write in its place is refused as a contradiction. */
function stays(path: string, seen: ObservedPath | undefined, world: World): ObservedPath | undefined {
  const found = world.path(path).over(seen);
  return found === undefined || isForeseenOnly(found) ? found : seen;
}

function differencesOf(desired: CertificateDesired, observed: ObservedPair): readonly Difference[] {
  const { certificate: cert, key, installed } = observed;
  requireRoom(desired.path, 'file', cert);
  requireRoom(desired.keyPath, 'file', key);
  const differences: Difference[] = [];
  const certName = basename(desired.path);
  const keyName = basename(desired.keyPath);
  if (cert?.text === undefined) {
    differences.push({ kind: 'create', property: certName, before: cert?.type ?? null, after: UNKNOWN });
  } else {
    if (cert.sha256 === installed[0]) requireItsCa(desired.ca, cert.text);
    const problems = certificateProblems({
      pem: cert.text,
      sans: desired.sans,
      caPem:
        desired.ca === 'itself' ? cert.text : typeof desired.ca === 'string' ? desired.ca : desired.ca.value,
      renewBefore: desired.renewBefore,
      keyType: desired.keyType,
      life: desired.life,
    }).map(describeProblem);
    if (desired.retired?.includes(fingerprint(cert.text))) problems.push('to be made anew');
    if (problems.length === 0 && cert.sha256 !== installed[0])
      problems.push('not the one that was installed');
    if (problems.length > 0) {
      differences.push({ kind: 'update', property: certName, before: problems.join('; '), after: UNKNOWN });
    }
  }
  if (key?.sha256 === undefined) {
    differences.push({ kind: 'create', property: keyName, before: key?.type ?? null, after: UNKNOWN });
  } else if (key.sha256 !== installed[1]) {
    differences.push({
      kind: 'update',
      property: keyName,
      before: SECRET,
      after: UNKNOWN,
    });
  }
  const { owner, group } = desired;
  for (const [name, mode, path] of [
    [certName, '0644', cert],
    [keyName, '0600', key],
  ] as const) {
    const ownership = { mode, ...(owner && { owner }), ...(group && { group }) };
    for (const difference of path ? ownershipDifferences(ownership, path) : []) {
      differences.push({ ...difference, property: `${name} ${difference.property}` });
    }
  }
  return differences;
}

/** Throws where it is of a CA that control does not have, and would make anew. */
function requireItsCa(ca: CertificateDesired['ca'], pem: string): void {
  if (typeof ca === 'string') return;
  const { issuer, subject } = new X509Certificate(pem);
  if (issuer !== subject) ca.requireFirst();
}

/** Another certificate is to come, and not only another mode or owner. */
export function needsIssuing(changes: readonly Difference[]): boolean {
  return changes.some(({ property }) => !/ (mode|owner|group)$/.test(property));
}
