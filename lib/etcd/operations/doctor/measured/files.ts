import { quote } from '../../../../dsl/shell/sh.ts';
import type { Member } from '../../../model/cluster.ts';
import type { RoleName } from '../../../model/role-names.ts';
import type { About } from '../about.ts';
import type { CauseId } from '../causes/index.ts';
import { dataDirOf, isUnmounted } from '../data.ts';
import type { Evidence, FoundPath } from '../evidence.ts';
import { anew, mend, own, type Remedy, site } from '../remedies.ts';
import { aboutMember, type Clue, isHealthy, type Scene } from '../scene.ts';

/** What a member needs and may not use, or does not find. Of hosts that were set up: a bare one has nothing. */
export function ofFiles(one: Evidence, scene: Scene): readonly Clue[] {
  const { member, facts, paths, odd } = one;
  if (facts.owner === undefined) return [];
  const about = aboutMember(member, scene);
  const clue = (cause: CauseId, evidence: string, remedy: Remedy): Clue => ({
    cause,
    host: member.host,
    evidence: `${member.host}: ${evidence}`,
    remedy,
  });
  const program = `${member.binDir}/etcd`;
  const data = dataDirOf(one);
  const isData = (path: string) => path === data || path.startsWith(`${data}/`);
  return [
    ...paths
      .filter(({ path, state }) => state === 'missing' && isNeeded(path, one))
      .map(({ path }) => clue('missing', `${path} is missing`, again(about, roleOf(path, one)))),
    ...paths
      .filter(({ state, path }) => state === 'there' && path === program)
      .filter(({ mode, isDirectory }) => isDirectory || !/[1357]/.test(mode))
      .map(({ path, mode }) => clue('program', `${path} has mode ${mode}`, anew(about, 'binaries'))),
    ...paths
      .filter((found) => isEmptyFile(found) && isNeeded(found.path, one))
      .map(({ path }) => clue(EMPTY[roleOf(path, one)], `${path} is empty`, again(about, roleOf(path, one)))),
    ...foreignData(one, isData).map((found) =>
      clue('permission', `${described(found)}; etcd runs as ${member.user}`, own(about, data)),
    ),
    ...barriers(one).map((found) =>
      clue(
        data.startsWith(`${found.path}/`) ? 'permission' : 'unreadable',
        `${described(found)}; etcd runs as ${member.user}, and must come through`,
        mend(about, `chmod a+x ${quote(found.path)}`),
      ),
    ),
    ...paths
      .filter((found) => found.state === 'there' && isNeeded(found.path, one) && !isRead(found, one))
      .map((found) =>
        clue('unreadable', `${described(found)}; etcd runs as ${member.user}`, [
          site(about, roleOf(found.path, one)),
        ]),
      ),
    ...halfPairs(odd).map(({ file, other }) =>
      clue('key-pair', `${file} is not the one that was installed with ${other}`, [site(about, 'certs')]),
    ),
  ];
}

/** `/opt/etcd/ssl/peer-key.pem belongs to root, mode 0600`. */
export function described({ path, owner, mode }: FoundPath): string {
  return `${path} belongs to ${owner}, mode ${mode}`;
}

/** By owner, group and mode. */
export function mayRead(found: FoundPath, { member }: Evidence): boolean {
  return hasBits(found, member, found.isDirectory ? 5 : 4);
}

/** etcd.conf is read by systemd, which may. */
function isRead(found: FoundPath, one: Evidence): boolean {
  return found.path === `${one.member.configDir}/etcd.conf` || mayRead(found, one);
}

/** Of its mode, those that are for the user that etcd runs as. */
function hasBits({ mode, owner, group }: FoundPath, member: Member, needed: number): boolean {
  if (member.user === undefined || member.user === 'root') return true;
  const [user, some, all] = [...mode.slice(-3)].map(Number);
  const bits = owner === member.user ? user : group === member.group ? some : all;
  return ((bits ?? 7) & needed) === needed;
}

/** Folders above what it needs that it may not enter. Of a member that is well its other groups may let it. */
export function barriers(one: Evidence): readonly FoundPath[] {
  const { member, paths } = one;
  if (isHealthy(one)) return [];
  const needed = [dataDirOf(one), member.certDir, `${member.binDir}/etcd`];
  return paths.filter(
    (found) =>
      found.isDirectory &&
      needed.some((path) => path.startsWith(`${found.path}/`)) &&
      !hasBits(found, member, 1),
  );
}

function isNeeded(path: string, { member }: Evidence): boolean {
  const { binDir, configDir, certDir } = member;
  return (
    [`${binDir}/etcd`, `${configDir}/etcd.conf`, certDir].includes(path) || path.startsWith(`${certDir}/`)
  );
}

/** Certificates are read at every handshake, all else at the start. */
function again(about: About, role: RoleName): Remedy {
  return role === 'certs' ? [site(about, role)] : anew(about, role);
}

/** As a host leaves them that lost its power, or had a full disk. */
function isEmptyFile({ state, size, isDirectory }: FoundPath): boolean {
  return state === 'there' && size === 0 && !isDirectory;
}

/** By the role that puts it right, what a file without content is to etcd. */
const EMPTY = { binaries: 'program', config: 'setting', certs: 'key-pair' } as const;

function roleOf(path: string, { member }: Evidence): keyof typeof EMPTY {
  if (path.startsWith(`${member.binDir}/`)) return 'binaries';
  return path.startsWith(`${member.configDir}/`) ? 'config' : 'certs';
}

function foreignData(one: Evidence, isData: (path: string) => boolean): readonly FoundPath[] {
  const { member, paths } = one;
  if (member.user === undefined || isUnmounted(one)) return [];
  return paths.filter(({ path, state, owner }) => state === 'there' && isData(path) && owner !== member.user);
}

/** Both of a pair may have been replaced together; one alone fits nothing. */
function halfPairs(odd: readonly string[]): readonly { readonly file: string; readonly other: string }[] {
  return odd.flatMap((file) => {
    const twin = file.endsWith('-key.pem')
      ? file.replace(/-key\.pem$/, '.pem')
      : file.replace(/\.pem$/, '-key.pem');
    return odd.includes(twin) ? [] : [{ file, other: twin }];
  });
}
