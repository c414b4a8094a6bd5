import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { debianMirror, KEYRING } from './debian.ts';
import { cacheDir } from './paths.ts';
import { must, run } from './process.ts';

/** The suites whose etcd we take, oldest first: 3.3, 3.4 and two of 3.5, so that real upgrade chains can be run. */
const SUITES = ['bullseye', 'bookworm', 'trixie', 'sid'];

const README = `etcd as Debian builds it, repacked in the layout of the upstream release.
It stands in for that release where the upstream site cannot be reached.
`;

/** The folder that stands for the upstream release site: `v{version}/etcd-v{version}-linux-{arch}.tar.gz`. */
export function releasesDir(): string {
  return join(cacheDir(), 'releases');
}

/** The versions that are there, oldest first. */
export function releasedVersions(): string[] {
  if (!existsSync(releasesDir())) return [];
  const versions = readdirSync(releasesDir()).flatMap((name) => /^v(\d+\.\d+\.\d+)$/.exec(name)?.[1] ?? []);
  return versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** Repacks the etcd of every suite, once. A suite that cannot be had is named, and left out. */
export async function buildReleases(log: (line: string) => void): Promise<void> {
  await mkdir(join(cacheDir(), 'suites'), { recursive: true });
  const missing = SUITES.filter((suite) => !existsSync(stampOf(suite)));
  if (missing.length > 0) log(`repacking etcd from Debian ${missing.join(', ')} (about ten seconds, once)`);
  for (const suite of missing) {
    const work = join(cacheDir(), `release-${suite}.building`);
    await rm(work, { recursive: true, force: true });
    await mkdir(work, { recursive: true });
    try {
      const version = await repack(suite, work);
      await writeFile(stampOf(suite), `${version}\n`);
      log(`etcd ${version} (Debian ${suite})`);
    } catch (error) {
      log(`no etcd from Debian ${suite}: ${(error as Error).message}`);
    }
    await rm(work, { recursive: true, force: true });
  }
}

/** Says that a suite is done; its content is the version it had. */
function stampOf(suite: string): string {
  return join(cacheDir(), 'suites', suite);
}

async function repack(suite: string, work: string): Promise<string> {
  await download(suite, work);
  const arch = (await must('dpkg', ['--print-architecture'])).trim();
  for (const name of readdirSync(work).filter((file) => file.endsWith('.deb'))) {
    await must('dpkg-deb', ['-x', name, 'tree'], { cwd: work });
  }
  const version = /etcd Version: (\S+)/.exec(await must(join(work, 'tree/usr/bin/etcd'), ['--version']))?.[1];
  if (version === undefined) throw new Error('its etcd does not say its version');
  const top = `etcd-v${version}-linux-${arch}`;
  const release = join(work, `v${version}`);
  await mkdir(join(work, top));
  await mkdir(release);
  for (const name of ['etcd', 'etcdctl', 'etcdutl']) {
    const binary = join(work, 'tree/usr/bin', name);
    if (existsSync(binary)) await rename(binary, join(work, top, name));
  }
  await writeFile(join(work, top, 'README.md'), README);
  const tar = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0', '-czf'];
  await must('tar', [...tar, `${release}/${top}.tar.gz`, top], { cwd: work });
  await writeFile(join(release, 'SHA256SUMS'), await must('sha256sum', [`${top}.tar.gz`], { cwd: release }));
  const target = join(releasesDir(), `v${version}`);
  await mkdir(releasesDir(), { recursive: true });
  await rm(target, { recursive: true, force: true });
  await rename(release, target);
  return version;
}

/** Fetches a suite's packages with an apt that knows this suite only, and leaves the machine's own alone. */
async function download(suite: string, work: string): Promise<void> {
  for (const path of ['lists/partial', 'archives/partial'])
    await mkdir(join(work, path), { recursive: true });
  await writeFile(join(work, 'status'), '');
  await writeFile(
    join(work, 'sources.list'),
    `deb [signed-by=${KEYRING}] ${await debianMirror()} ${suite} main\n`,
  );
  const settings = {
    'Dir::Etc::SourceList': join(work, 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::Etc::PreferencesParts': '/dev/null',
    'Dir::State::Lists': join(work, 'lists'),
    'Dir::State::Status': join(work, 'status'),
    'Dir::Cache': work,
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::http::Timeout': '10',
    'Acquire::Retries': '1',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  await apt([...options, '-qq', '--error-on=any', 'update'], work);
  await apt([...options, '-qq', 'download', 'etcd-server', 'etcd-client'], work);
}

async function apt(args: readonly string[], cwd: string): Promise<void> {
  const { code, stderr } = await run('apt-get', args, { cwd });
  // The command line is as long as it is of no interest; apt's first line says what is wrong.
  if (code !== 0) throw new Error(stderr.trim().split('\n')[0]);
}
