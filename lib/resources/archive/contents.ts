import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { relative } from 'node:path/posix';
import { PerRun } from '../../dsl/common/per-run.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import type { ArchiveDesired } from './wish.ts';

/** Bytes of an archive that is looked into here; the run tells of what a larger one lacks. */
const MOST = 64 << 20;

type Names = ReadonlyMap<string, 'link' | 'other'>;

/** What is in archives of control, by digest; undefined for those that cannot be looked into. */
const known = new PerRun(() => new Map<string, Names | undefined>());

/** Throws exit code 2 where an archive of control does not bring what it is to create: the run would find that out. */
export function requireBrought({ folder, from, creates, strip, format, packer }: ArchiveDesired): void {
  const isReadable = format === 'tar' && (packer === undefined || packer === 'gzip');
  const wanted = relative(folder, creates);
  if ('url' in from || !isReadable || wanted.startsWith('..')) return;
  const names = known.own.has(from.sha256) ? known.own.get(from.sha256) : namesIn(from.source);
  known.own.set(from.sha256, names);
  if (names === undefined) return;
  const stripped = [...names].map(([name, kind]) => [name.split('/').slice(strip).join('/'), kind] as const);
  const isThere = stripped.some(
    ([name, kind]) =>
      name === wanted ||
      name.startsWith(`${wanted}/`) ||
      // Where that leads, only the host can tell.
      (kind === 'link' && wanted.startsWith(`${name}/`)),
  );
  if (isThere) return;
  const some = stripped.flatMap(([name]) => (name === '' ? [] : [name])).slice(0, 3);
  throw new QuorateError(`there is no ${wanted} in the archive ${from.source}`, {
    exitCode: EXIT.failed,
    hint: `creates names something in it by its path in ${folder}, and strip leaves out folders in front: ${some.length > 0 ? `there is ${some.join(', ')}` : 'nothing is left'}`,
  });
}

/** Names of all that is in it, as they are written but for `./` in front. */
function namesIn(source: string): Names | undefined {
  if (statSync(source).size > MOST) return undefined;
  // A diff waits for nothing, and few need it.
  const tar: typeof import('tar') = createRequire(import.meta.url)('tar');
  const names = new Map<string, 'link' | 'other'>();
  try {
    tar.list({
      file: source,
      sync: true,
      strict: true,
      onReadEntry: ({ path, type }) => {
        const name = path.split('/').filter((part) => part !== '' && part !== '.');
        names.set(name.join('/'), /Link$/.test(type) ? 'link' : 'other');
      },
    });
  } catch {
    // The host's tar may read what this one does not.
    return undefined;
  }
  return names.size > 0 ? names : undefined;
}
