import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseRequest } from '../request.ts';
import { type Ran, run } from '../run.ts';
import { otherVersion, Unavailable } from '../wording.ts';
import type { Tree } from './tree.ts';

/** dpkg's names where they differ from those of releases. */
const DPKG_ARCH: Readonly<Record<string, string>> = { ppc64le: 'ppc64el', arm: 'armhf', '386': 'i386' };

/** Reads like apt's own: hooks of the machine are not run, and unsigned packages not taken. */
const SETTINGS = `#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages { "none"; };
Acquire::Retries "1";
Acquire::http::Timeout "10";
Acquire::https::Timeout "10";
`;

type Apt = (args: readonly string[], cwd?: string) => Promise<Ran>;

interface Available {
  readonly name: string;
  /** With Debian's revision: `3.4.23+dfsg-4+b4`. */
  readonly version: string;
  readonly file: string;
  readonly bytes: number;
}

/**
 * Downloads and unpacks Debian's packages. The machine's package lists are used if they know them and what
 * they name can still be had; else a private copy of the lists is fetched (2 s), and the machine's own stay
 * as they are.
 */
export async function unpackWithApt(
  request: ReleaseRequest,
  workspace: string,
  progress: (text: string) => void,
): Promise<Tree> {
  const { software } = request;
  const own = (await run('dpkg', ['--print-architecture'])).stdout.trim();
  const arch = DPKG_ARCH[request.arch] ?? request.arch;
  // The lists of this machine seldom cover a foreign architecture.
  const kinds = arch === own ? (['system', 'private'] as const) : (['private'] as const);
  let last = `apt-get knows no package ${software.packages.deb[0]?.[0]}`;
  for (const kind of kinds) {
    const apt = await prepareApt(workspace, kind, kind === 'private' ? [...new Set([own, arch])] : []);
    if (kind === 'private') {
      progress('reading package lists (nothing is installed)');
      // Its status is of no interest: one broken source among many need not be the one that matters.
      const { stderr } = await apt(['update']);
      last = firstError(stderr) ?? last;
    }
    const available = await lookUp(apt, software.packages.deb, arch);
    const first = available[0];
    if (first === undefined) continue;
    const version = upstream(first.version);
    if (request.version !== undefined && version !== request.version) {
      throw otherVersion(software, `package ${first.name} ${first.version}`, version, request.version);
    }
    if (new Set(available.map((entry) => upstream(entry.version))).size > 1) {
      throw new Unavailable(`packages differ: ${available.map((p) => `${p.name} ${p.version}`).join(', ')}`);
    }
    const megabytes = Math.ceil(available.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6);
    progress(`downloading package ${first.name} ${first.version}: ${megabytes} MB`);
    const debs = join(workspace, `debs-${kind}`);
    await mkdir(debs);
    const names = available.map(({ name, version: exact }) => `${name}:${arch}=${exact}`);
    const { code, stderr } = await apt(['download', ...names], debs);
    if (code === 0) {
      return {
        tree: await extract(debs, workspace),
        version,
        from: `package ${first.name} ${first.version}`,
      };
    }
    last = firstError(stderr) ?? `apt-get download ended with ${code}`;
  }
  throw new Unavailable(
    `no package of ${software.name} for ${arch}: ${last}`,
    `name a Debian source that has it, or set ${software.vars.source}`,
  );
}

/** An apt-get that writes inside `workspace` only; `private` has package lists of its own there, too. */
async function prepareApt(
  workspace: string,
  kind: 'system' | 'private',
  architectures: readonly string[],
): Promise<Apt> {
  const base = join(workspace, `apt-${kind}`);
  for (const path of ['lists/partial', 'archives/partial'])
    await mkdir(join(base, path), { recursive: true });
  await writeFile(join(base, 'settings'), SETTINGS);
  const options = [
    `Dir::Cache=${base}`,
    ...(kind === 'private' ? [`Dir::State::Lists=${join(base, 'lists')}`] : []),
    ...architectures.map((name) => `APT::Architectures::=${name}`),
    // As root apt drops to a user of its own, who cannot reach the workspace.
    ...(process.getuid?.() === 0 ? ['APT::Sandbox::User=root'] : []),
  ].flatMap((option) => ['-o', option]);
  return (args, cwd = base) =>
    run('apt-get', ['-c', join(base, 'settings'), ...options, '-qq', ...args], { cwd });
}

async function lookUp(
  apt: Apt,
  packages: readonly (readonly string[])[],
  arch: string,
): Promise<readonly Available[]> {
  for (const names of packages) {
    const { code, stdout } = await apt([
      '--print-uris',
      'download',
      ...names.map((name) => `${name}:${arch}`),
    ]);
    if (code !== 0) continue;
    // 'http://…' NAME_3.4.23+dfsg-4_amd64.deb 8438488 SHA256:…
    const found = [...stdout.matchAll(/^'[^']*' ([^ _]+)_([^ _]+)_[^ _]+\.deb (\d+)/gm)].map(
      ([file = '', name = '', version = '', bytes]) => ({
        name,
        version: decodeURIComponent(version),
        file,
        bytes: Number(bytes),
      }),
    );
    const ordered = names.flatMap((name) => found.find((entry) => entry.name === name) ?? []);
    if (ordered.length === names.length) return ordered;
  }
  return [];
}

async function extract(debs: string, workspace: string): Promise<string> {
  const tree = join(workspace, 'tree');
  for (const name of await readdir(debs)) {
    const { code, stderr } = await run('dpkg-deb', ['-x', join(debs, name), tree]);
    if (code !== 0) throw new Unavailable(`Cannot unpack ${name}: ${stderr.trim()}`);
  }
  return tree;
}

/** `3.4.23` of `1:3.4.23+dfsg-4+b4`; `3.6.0~rc3` stays what it is, no 3.6.0. */
function upstream(version: string): string {
  return /^(?:\d+:)?(\d+\.\d+\.\d+(?:~[\w.]+)?)/.exec(version)?.[1] ?? version;
}

function firstError(stderr: string): string | undefined {
  const line = stderr.split('\n').find((text) => /^[EW]: /.test(text));
  return line?.slice(3);
}
