import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseRequest } from '../request.ts';
import { run } from '../run.ts';
import { otherVersion, Unavailable, untrusted } from '../wording.ts';
import type { Tree } from './tree.ts';

const RPM_ARCH: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'aarch64', '386': 'i686' };

/**
 * Downloads and unpacks Fedora's package, which holds all programs. Untested: written after the manuals of
 * dnf (with its download plugin), rpm and cpio, for want of a machine. The download plugin does not check
 * signatures, so rpmkeys must say that the package has a good one.
 */
export async function unpackWithDnf(
  request: ReleaseRequest,
  workspace: string,
  progress: (text: string) => void,
): Promise<Tree> {
  const { rpm: wanted } = request.software.packages;
  const arch = RPM_ARCH[request.arch] ?? request.arch;
  const rpms = join(workspace, 'rpms');
  const tree = join(workspace, 'tree');
  await mkdir(rpms);
  await mkdir(tree);
  progress(`downloading package ${wanted} with dnf`);
  const fetched = await run('dnf', ['-q', 'download', '--arch', arch, '--destdir', rpms, wanted], {
    cwd: rpms,
  });
  const name = (await readdir(rpms)).find((file) => file.endsWith('.rpm'));
  if (fetched.code !== 0 || name === undefined) {
    throw new Unavailable(
      `no package of ${request.software.name} for ${arch}: ${fetched.stderr.trim().split('\n')[0]}`,
    );
  }
  const rpm = join(rpms, name);
  const query = await run('rpm', ['-qp', '--queryformat', '%{VERSION} %{RELEASE}', rpm]);
  const [version = '', release = ''] = query.stdout.split(' ');
  if (request.version !== undefined && version !== request.version) {
    throw otherVersion(request.software, `package ${wanted} ${version}-${release}`, version, request.version);
  }
  const checked = await run('rpmkeys', ['--checksig', rpm]);
  if (checked.code !== 0 || !/\bsignatures OK\b/.test(checked.stdout)) {
    throw untrusted(`package ${name} has no good signature: ${checked.stdout.trim()}`);
  }
  const script = 'rpm2cpio "$1" | cpio -idm --quiet --no-absolute-filenames';
  const unpacked = await run('sh', ['-c', script, 'sh', rpm], { cwd: tree });
  if (unpacked.code !== 0) throw new Unavailable(`Cannot unpack ${name}: ${unpacked.stderr.trim()}`);
  return { tree, version, from: `package ${wanted} ${version}-${release}` };
}
