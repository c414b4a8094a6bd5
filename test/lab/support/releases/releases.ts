import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from '../host/process.ts';
import { cacheDir } from '../paths.ts';
import { debianPrograms } from './debianEtcd.ts';
import { ETCD_VERSIONS, type EtcdVersion, NEWEST, suiteOf, TOO_NEW } from './etcdVersions.ts';
import { buildPrograms, fetchTarball } from './upstreamEtcd.ts';

const PROGRAMS = ['etcd', 'etcdctl', 'etcdutl'];

const README = `etcd repacked in the layout of the upstream release.
It stands in for that release where the upstream site cannot be reached.
`;

/** For how long a version that cannot be had is not asked for again, ms: every lab prepares. */
const RETRY = 3_600_000;

/** The folder that stands for the upstream release site: `v{version}/etcd-v{version}-linux-{arch}.tar.gz`. */
export function releasesDir(): string {
  return join(cacheDir(), 'releases');
}

/** The tarball of a version. */
export function tarballOf(version: string, arch: string): string {
  return join(releasesDir(), `v${version}`, `etcd-v${version}-linux-${arch}.tar.gz`);
}

/** The versions that are there, oldest first. */
export function releasedVersions(): EtcdVersion[] {
  if (!existsSync(releasesDir())) return [];
  const names = readdirSync(releasesDir());
  return ETCD_VERSIONS.filter((version) => names.includes(`v${version}`));
}

/** What labs run: the newest version, or the newest that is there; `QUORATE_LAB_ETCD` names another. */
export function usualVersion(): EtcdVersion {
  const named = ETCD_VERSIONS.find((version) => version === process.env.QUORATE_LAB_ETCD);
  return named ?? releasedVersions().findLast((version) => version !== TOO_NEW) ?? NEWEST;
}

/** Gets every version that is not there yet, and says in one line which ones the lab goes without. */
export async function buildReleases(log: (line: string) => void): Promise<void> {
  const without = new Map<string, string[]>();
  // One after another: what is built shares most of what it compiles with the one before.
  for (const version of ETCD_VERSIONS) {
    if (existsSync(join(releasesDir(), `v${version}`))) continue;
    const reason = failedLately(version) ?? (await build(version, log));
    if (reason !== undefined) without.set(reason, [...(without.get(reason) ?? []), version]);
  }
  const each = [...without].map(([reason, versions]) => `${versions.join(', ')} (${reason})`);
  if (each.length > 0) log(`NO ETCD ${each.join('; ')}: their tests are skipped`);
}

/** Why the version cannot be had; undefined when it was built. */
async function build(version: EtcdVersion, log: (line: string) => void): Promise<string | undefined> {
  const reasons: string[] = [];
  for (const [what, get] of sources(version)) {
    const work = join(cacheDir(), `release-${version}.building`);
    await rm(work, { recursive: true, force: true });
    await mkdir(join(work, 'release'), { recursive: true });
    try {
      await get(work, log);
      await mkdir(releasesDir(), { recursive: true });
      await rename(join(work, 'release'), join(releasesDir(), `v${version}`));
      log(`etcd ${version} (${what})`);
      return undefined;
    } catch (error) {
      const [said = ''] = (error as Error).message.trim().split('\n');
      reasons.push(`${what}: ${said.replace(/^Cannot download \S+: /, '')}`);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  const reason = reasons.join('; ');
  await mkdir(join(cacheDir(), 'missing'), { recursive: true });
  await writeFile(failureOf(version), reason);
  return reason;
}

type Source = readonly [what: string, get: (work: string, log: (line: string) => void) => Promise<void>];

/** Where the version may come from, in this order. Each leaves its tarball and SHA256SUMS in `release` of the folder. */
function sources(version: EtcdVersion): readonly Source[] {
  const suite = suiteOf(version);
  const debian: Source = [
    `Debian ${suite}`,
    async (work) => pack(version, await debianPrograms(suite ?? '', work), work),
  ];
  return [
    ...(suite === undefined ? [] : [debian]),
    [
      'upstream',
      async (work) => {
        const tarball = join(work, 'release', tarballName(version, await architecture()));
        await fetchTarball(version, tarball);
        await writeSums(join(work, 'release'));
      },
    ],
    ['Go modules', async (work, log) => pack(version, await buildPrograms(version, work, log), work)],
  ];
}

/** Repacks the programs in the folder `from` as a release. */
async function pack(version: EtcdVersion, from: string, work: string): Promise<void> {
  const said = /etcd Version: (\S+)/.exec(await must(join(from, 'etcd'), ['--version']))?.[1];
  if (said !== version) throw new Error(`its etcd says version ${said ?? 'nothing'}`);
  const tarball = tarballName(version, await architecture());
  const top = tarball.replace('.tar.gz', '');
  await mkdir(join(work, top));
  for (const name of PROGRAMS) {
    if (existsSync(join(from, name))) await rename(join(from, name), join(work, top, name));
  }
  await writeFile(join(work, top, 'README.md'), README);
  const tar = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0', '-czf'];
  await must('tar', [...tar, `release/${tarball}`, top], { cwd: work });
  await writeSums(join(work, 'release'));
}

async function writeSums(release: string): Promise<void> {
  await writeFile(
    join(release, 'SHA256SUMS'),
    await must('sha256sum', readdirSync(release), { cwd: release }),
  );
}

function tarballName(version: string, arch: string): string {
  return `etcd-v${version}-linux-${arch}.tar.gz`;
}

async function architecture(): Promise<string> {
  return (await must('dpkg', ['--print-architecture'])).trim();
}

function failureOf(version: EtcdVersion): string {
  return join(cacheDir(), 'missing', version);
}

function failedLately(version: EtcdVersion): string | undefined {
  const failed = statSync(failureOf(version), { throwIfNoEntry: false });
  if (failed === undefined || Date.now() - failed.mtimeMs > RETRY) return undefined;
  return readFileSync(failureOf(version), 'utf8');
}
