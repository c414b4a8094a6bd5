import { broughtBy, isNew } from '../../dsl/ledger/made.ts';
import { orGone } from '../../dsl/mark.ts';
import { is, must } from '../../dsl/options/options.ts';
import { ownershipOfNew, sha256, shortDigest } from '../../dsl/path.ts';
import { type Difference, defineResource } from '../../dsl/resource.ts';
import { partsOf, probe } from '../../dsl/shell/probe.ts';
import { type Sh, sh } from '../../dsl/shell/sh.ts';
import {
  groundReads,
  type Place,
  parsePlace,
  requireAccounts,
  requireFolder,
} from '../../dsl/world/ground.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { laid } from '../common/lay.ts';
import { fetchOnce } from '../content/fetch.ts';
import { requireBrought } from './contents.ts';
import { findRecord, lastRecord, nameIn, record } from './record.ts';
import { type ArchiveDesired, type ArchiveOptions, completeArchive } from './wish.ts';

export type { ArchiveDetails, ArchiveOptions } from './wish.ts';

interface ObservedArchive extends Place {
  /** Digest of the archive that was unpacked here; `begun` of one that was cut off. */
  readonly record: string | undefined;
  /** A program that is wanted for it, and is not there. */
  readonly lacks: string | undefined;
}

/**
 * What is in an archive, unpacked on the host into a folder, which is made if it is missing. Another archive (by its
 * digest), one that was cut off, or one whose `creates` is gone or another's, is unpacked again; what was there stays, a
 * link to a folder, too: what the archive has below comes into that folder. Several archives may come into one folder,
 * told apart by what they create. What somebody changes or removes below the folder is not seen, but for `creates`: a
 * `tree` sees each file. Needs `tar` or `unzip` on the host, and what the compression needs.
 *
 * @example
 * archive('/opt/site', { source: './site.tar.gz', creates: 'bin/site', strip: 1, owner: 'web' })
 */
export const archive = defineResource<ArchiveOptions, ArchiveDesired, ObservedArchive>({
  kind: 'archive',
  options: {
    source: is.text,
    url: is.text,
    sha256: is.text,
    creates: must(is.text),
    strip: is.count(),
    owner: is.text,
    group: is.text,
  },
  oneOf: ['source', 'url'],
  complete: completeArchive,
  name: ({ folder, creates }) => `${folder} ${nameIn(folder, creates)}`,
  title: ({ folder }) => `the archive is unpacked in ${folder}`,
  owns: ({ folder }) => [folder],
  files: () => [],
  provides: ({ creates }) => [creates],
  traces: ({ folder }, changes) =>
    broughtBy({ kind: 'tree', name: folder }, changes, 'archive').filter(isNew),
  marks: ({ folder, creates, from }) => [
    {
      name: `archive ${folder} ${nameIn(folder, creates)}`,
      look: sh`${findRecord({ folder, creates })}
if [ -e ${creates} ] && [ -f "$q_record" ]; then
  q_is=another; if grep -qx ${from.sha256} "$q_record"; then q_is=${from.sha256}; fi
  echo "$q_is $(stat -c %Y "$q_record")"
${orGone(creates)}`,
      after: (changes) => (changes.some(({ property }) => property === 'archive') ? from.sha256 : undefined),
    },
  ],
  probe: ({ folder, creates, format, packer, owner, group }) =>
    probe(
      [
        { path: creates, how: 'stat' },
        ...groundReads(`${folder}/x`, { ...(owner && { owner }), ...(group && { group }) }),
      ],
      sh`${findRecord({ folder, creates })}
if [ -f "$q_record" ]; then echo "record $(cat "$q_record")"; fi
if [ -e ${folder} ] && [ ! -d ${folder} ]; then echo 'no folder'; fi
if ! command -v ${tool(format)} >/dev/null; then echo ${`lacks ${tool(format)}`}
${packer === undefined ? sh`` : sh`elif ! command -v ${packer} >/dev/null; then case $(tar --version 2>/dev/null) in *GNU*) echo ${`lacks ${packer}`} ;; esac`}
fi`,
    ),
  parse({ out }, { folder }) {
    const parts = partsOf(out);
    const own = parts.at(-1) ?? '';
    if (own.includes('no folder')) throw cannot(folder, 'it is not a folder', 'move it away');
    const [record, lacks] = [/^record (.*)$/m, /^lacks (.*)$/m].map((one) => one.exec(own)?.[1]);
    return { ...parsePlace(parts), record, lacks };
  },
  diff(desired, observed, world) {
    const { folder, from, creates } = desired;
    const { lacks } = observed;
    const found = world.path(creates).over(observed.at);
    const after = shortDigest(from.sha256);
    const isThere = found !== undefined;
    // What somebody else has unpacked has no record, and is fine.
    const isSame = observed.record === undefined || observed.record === from.sha256;
    if (isThere && isSame) return ownerDifferences(desired, observed);
    requireBrought(desired);
    const before = isThere && observed.record !== undefined ? said(observed.record) : null;
    if (lacks !== undefined && !world.bringsMore)
      throw cannot(folder, `there is no ${lacks} on the host`, 'declare the packages that bring it before');
    requireFolder(`${folder}/x`, observed.ground, world, { makesFolders: true });
    const accounts = requireAccounts(owners(desired), observed.ground, world, folder);
    const certainty = lacks === undefined ? accounts : 'conditional';
    const kind = isThere ? 'update' : 'create';
    const ofNew = isThere ? [] : ownershipOfNew({ mode: '', ...owners(desired) }, '');
    const brought: Difference = { kind, property: 'archive', before, after };
    return [brought, ...ofNew].map((one) => ({ ...one, certainty }));
  },
  foresee({ folder, creates }, _observed, changes, world) {
    if (changes.length === 0) return;
    world.path(folder).willBe({ type: 'directory' });
    world.path(creates).willBe({});
    world.expectAnything();
  },
  async prepare({ from, ...desired }, _changes, { progress }) {
    const source = 'url' in from ? await fetchOnce(from, progress) : from.source;
    return { transfers: [{ source, target: incoming(desired) }] };
  },
  apply(desired, changes) {
    const { folder, from } = desired;
    const isAnew = changes.some(({ property }) => property === 'archive');
    // Where nobody else can enter: whoever may change the folder could bring another archive meanwhile.
    return sh`${laid}
(
q_unpack() {
  q_sum=$(sha256sum <whole) || return
  if [ "\${q_sum%% *}" != ${from.sha256} ]; then echo 'the archive arrived otherwise than it was sent'; return 5; fi
  mkdir part && ${unpack(desired)} || return
  ${isAnew ? lay(desired) : giveOwner(desired)}
}
q_mkdir ${folder} && q_enter ${incoming(desired)} && q_apart && q_bring ${incoming(desired)} whole && q_unpack; q_leave $?) || exit
${isAnew ? proven(desired) : sh`:`}`;
  },
});

function lay(desired: ArchiveDesired): Sh {
  const owner = ownerOf(desired);
  return sh`(${recorded(desired, 'begun')}) || return
${owner === '' ? sh`` : sh`chown -R -h -- ${owner} part || return`}
q_lay part ..`;
}

function proven(desired: ArchiveDesired): Sh {
  const { creates, from } = desired;
  return sh`if [ ! -e ${creates} ]; then echo ${bringsNot(desired)}; exit 1; fi
${recorded(desired, from.sha256)}`;
}

function recorded(desired: ArchiveDesired, text: string): Sh {
  return sh`for q_record in ${record(desired)} ${lastRecord(desired)}; do echo ${text} | q_write "$q_record" 0644 '' '' || exit; done`;
}

/** What the archive brings gets its owner, and stays as it is otherwise. */
function giveOwner(desired: ArchiveDesired): Sh {
  return sh`(cd part && find . ! -name .) | while IFS= read -r q_path; do
  q_path=${desired.folder}/\${q_path#./}
  if [ -e "$q_path" ] || [ -L "$q_path" ]; then q_on "$q_path" chown -h -- ${ownerOf(desired)} || exit; fi
done`;
}

function unpack({ format, strip }: ArchiveDesired): Sh {
  // It ends with 1 where it has done all, and warns: of a zip that Windows made, say.
  if (format === 'zip') return sh`{ unzip -q -o whole -d part 2>&1 || [ $? -eq 1 ]; }`;
  return sh`tar -x -o -f whole -C part ${strip > 0 ? [`--strip-components=${strip}`] : []} 2>&1`;
}

function ownerDifferences({ owner, group }: ArchiveDesired, { at }: ObservedArchive): readonly Difference[] {
  if (at === undefined) return [];
  return [
    { property: 'owner', after: owner, found: [at.owner, at.uid] },
    { property: 'group', after: group, found: [at.group, at.gid] },
  ].flatMap(({ property, after, found }): readonly Difference[] =>
    after === undefined || found.includes(after)
      ? []
      : [{ kind: 'update', property, before: found[0] ?? null, after }],
  );
}

function owners({ owner, group }: ArchiveDesired) {
  return { ...(owner !== undefined && { owner }), ...(group !== undefined && { group }) };
}

function ownerOf({ owner = '', group }: ArchiveDesired): string {
  return group === undefined ? owner : `${owner}:${group}`;
}

function said(record: string): string {
  return record === 'begun' ? 'cut off' : shortDigest(record);
}

function tool(format: ArchiveDesired['format']): string {
  return format === 'zip' ? 'unzip' : 'tar';
}

/** Where it arrives, beside others of the same folder. */
function incoming({ folder, creates }: Pick<ArchiveDesired, 'folder' | 'creates'>): string {
  return `${folder}/.quorate-archive-${sha256(creates).slice(0, 16)}`;
}

function bringsNot({ folder, creates, strip }: ArchiveDesired): string {
  const named = `creates names something in it by its path in ${folder}`;
  return `there is no ${creates} in the archive: ${named}${strip > 0 ? `, without the ${strip} in front that strip leaves out` : '; strip leaves out folders in front'}`;
}

function cannot(folder: string, found: string, hint: string): QuorateError {
  return new QuorateError(`cannot unpack into ${folder}: ${found}`, { exitCode: EXIT.failed, hint });
}
