import type { OneOf } from '../../dsl/options/options.ts';
import { checkedPath } from '../../dsl/path.ts';
import { contentOf } from '../../dsl/source/source.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { literalPath } from '../common/literal-path.ts';
import { isSent } from '../content/content.ts';
import { checkedUrl, type FetchedContent } from '../content/fetch.ts';

export interface ArchiveWays {
  /** A file on control: `.tar`, `.tar.gz`, `.tgz`, `.tar.xz`, `.tar.bz2`, `.tar.zst` or `.zip`. */
  readonly source: string;
  /** Where control downloads it from instead; `sha256` says what it must be. */
  readonly url: string;
}

export interface ArchiveDetails {
  /** SHA-256 of the archive, in hex; a `source` is compared with it. */
  readonly sha256?: string;
  /** Something that it brings, by its path in the folder: without it nothing is taken for unpacked. */
  readonly creates: string;
  /** Folders to leave out at the front of the names in a tar archive. */
  readonly strip?: number;
  /** Who all that it brings belongs to, the folder itself left out; root, or whoever unpacks it, unless said. */
  readonly owner?: string;
  readonly group?: string;
}

export type ArchiveOptions = OneOf<ArchiveWays> & ArchiveDetails;

export interface ArchiveDesired {
  readonly folder: string;
  readonly from: { readonly source: string; readonly sha256: string } | FetchedContent;
  readonly format: 'tar' | 'zip';
  /** What unpacks it, besides. */
  readonly packer: string | undefined;
  readonly creates: string;
  readonly strip: number;
  readonly owner: string | undefined;
  readonly group: string | undefined;
}

/** Brings what a role says of an archive into one form; throws exit code 1 for what none can be, and 5 for another digest. */
export function completeArchive(name: string, options: ArchiveOptions): ArchiveDesired {
  const { sha256: digest, creates, strip = 0, owner, group } = options;
  const folder = checkedPath(name);
  const file = options.url === undefined ? options.source : options.url.replace(/[?#].*$/, '');
  const format = /\.zip$/.test(file)
    ? 'zip'
    : /\.(tar|tgz|tbz2?|txz|tar\.(gz|bz2|xz|zst))$/.test(file)
      ? 'tar'
      : undefined;
  if (format === undefined) throw wrong(`${file} is neither a tar archive nor a zip by its name`);
  if (format === 'zip' && strip > 0) throw wrong(`strip is for tar archives, and ${file} is a zip`);
  if (
    typeof creates !== 'string' ||
    /(^|\/)\.\.(\/|$)/.test(creates) ||
    creates.replace(/[./]/g, '') === ''
  ) {
    throw wrong(`creates ${JSON.stringify(creates)} names nothing in ${folder}`);
  }
  const from = options.url === undefined ? localSource(file, digest) : checkedUrl(options.url, digest);
  const at = literalPath('creates', creates.startsWith('/') ? creates : `${folder}/${creates}`, FIXED);
  const packer = PACKERS[/\.([a-z0-9]+)$/.exec(file)?.[1] ?? ''];
  return { folder, from, format, packer, strip, owner, group, creates: at };
}

const FIXED = 'name what has the same path in every version; strip: 1 leaves out the folder in front';

/** What tar has unpack it, by the ending of the name. */
const PACKERS: Readonly<Record<string, string>> = {
  gz: 'gzip',
  tgz: 'gzip',
  xz: 'xz',
  txz: 'xz',
  bz2: 'bzip2',
  tbz: 'bzip2',
  tbz2: 'bzip2',
  zst: 'zstd',
};

function localSource(source: string, digest: string | undefined): ArchiveDesired['from'] {
  const content = contentOf(source, digest);
  if (typeof content !== 'string' && isSent(content)) return content;
  throw wrong(`${source} is text, and no archive`);
}

function wrong(message: string): QuorateError {
  return new QuorateError(message, {
    exitCode: EXIT.usage,
    hint: "write it like { source: './site.tar.gz', creates: 'bin/site' }",
  });
}
