import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ETCD_VARS } from '../../../../lib/etcd/model/vars.ts';
import { downloadTarball } from '../../../../lib/release/http/download.ts';
import { locate } from '../../../../lib/release/http/location.ts';
import { SOFTWARE } from '../../../../roles/binaries.ts';
import { must, run } from '../host/process.ts';

const PROGRAMS = { etcd: 'server', etcdctl: 'etcdctl', etcdutl: 'etcdutl' };

/** What the programs are made of. Each is required by itself: a pre-release may name older ones, and replaces them. */
const PARTS = ['api', 'client', 'client/pkg', 'pkg'];

/** Downloads the upstream release to `target`, verified against the SHA256SUMS beside it. */
export async function fetchTarball(version: string, target: string): Promise<void> {
  const arch = (await must('dpkg', ['--print-architecture'])).trim();
  const url = ETCD_VARS.etcd_download_url.default;
  const location = locate({ software: SOFTWARE, url, arch, baseDir: '/' }, version);
  await downloadTarball(location, target, { software: SOFTWARE, version }, () => {});
}

/**
 * Builds etcd's programs from its Go modules, static as upstream's, below `work`. Gives their folder. The modules are
 * required by a module of our own: `go install` refuses them for their replace directives.
 */
export async function buildPrograms(
  version: string,
  work: string,
  log: (line: string) => void,
): Promise<string> {
  if ((await run('sh', ['-c', 'command -v go'])).code !== 0) throw new Error('no go here');
  log(`building etcd ${version} from its Go modules (about a minute, once)`);
  const required = [...PARTS, ...Object.values(PROGRAMS)].map((name) => `\t${moduleOf(name)} v${version}\n`);
  await mkdir(join(work, 'programs'));
  await writeFile(
    join(work, 'go.mod'),
    `module quorate.lab/etcd\n\nrequire (\n${required.sort().join('')})\n`,
  );
  for (const [program, name] of Object.entries(PROGRAMS)) {
    const flags = ['-mod=mod', '-buildvcs=false', '-trimpath', '-ldflags', '-s -w'];
    const args = ['build', ...flags, '-o', join('programs', program), moduleOf(name)];
    const { code, stderr } = await run('go', args, {
      cwd: work,
      env: { CGO_ENABLED: '0', GOWORK: 'off' },
    });
    // It names each module that it downloads, and last what is wrong.
    if (code !== 0) throw new Error(stderr.trim().split('\n').at(-1));
  }
  return join(work, 'programs');
}

function moduleOf(name: string): string {
  return `go.etcd.io/etcd/${name}/v3`;
}
