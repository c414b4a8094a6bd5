import { readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { builtMirror, KEYRING } from '../host/debian.ts';
import { must, run } from '../host/process.ts';

/** Unpacks the etcd of a Debian suite below `work`. Gives the folder of its programs. */
export async function debianPrograms(suite: string, work: string): Promise<string> {
  await download(suite, work);
  for (const name of readdirSync(work).filter((file) => file.endsWith('.deb'))) {
    await must('dpkg-deb', ['-x', name, 'tree'], { cwd: work });
  }
  return join(work, 'tree/usr/bin');
}

/** Fetches a suite's packages with an apt that knows this suite only, and leaves the machine's own alone. */
async function download(suite: string, work: string): Promise<void> {
  const options = await aptOf(suite, work);
  await apt([...options, '-qq', 'download', 'etcd-server', 'etcd-client'], work);
}

/**
 * Fetches packages, and all that they need beyond what `status` (a file of dpkg) says is installed, into
 * `work/archives`.
 */
export async function downloadWithNeeds(
  suite: string,
  work: string,
  packages: readonly string[],
  status: string,
): Promise<void> {
  const options = [...(await aptOf(suite, work)), '-o', `Dir::State::Status=${status}`];
  const install = ['-qq', '-y', '--no-install-recommends', '--download-only', 'install'];
  await apt([...options, ...install, ...packages], work);
}

/** Options of an apt that knows one suite, whose lists it reads anew. */
async function aptOf(suite: string, work: string): Promise<readonly string[]> {
  for (const path of ['lists/partial', 'archives/partial'])
    await mkdir(join(work, path), { recursive: true });
  await writeFile(join(work, 'status'), '');
  await writeFile(
    join(work, 'sources.list'),
    `deb [signed-by=${KEYRING}] ${await builtMirror()} ${suite} main\n`,
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
  return options;
}

async function apt(args: readonly string[], cwd: string): Promise<void> {
  const { code, stderr } = await run('apt-get', args, { cwd });
  // The command line is as long as it is of no interest; apt's first line says what is wrong.
  if (code !== 0) throw new Error(stderr.trim().split('\n')[0]);
}
