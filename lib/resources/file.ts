import {
  groundReads,
  type Place,
  parsePlace,
  requireAccounts,
  requireFolder,
  requireSight,
} from '../dsl/ground.ts';
import { broughtBy } from '../dsl/made.ts';
import {
  checkedPath,
  completeOwnership,
  type ObservedPath,
  type Ownership,
  type OwnershipOptions,
  ownershipDifferences,
  requireRoom,
  SECRET,
  sha256,
  shortDigest,
} from '../dsl/path.ts';
import { MAX_TEXT, partsOf, probe } from '../dsl/probe.ts';
import { type Difference, defineResource } from '../dsl/resource.ts';
import { redact, Secret } from '../dsl/secret.ts';
import { sh } from '../dsl/sh.ts';
import { contentOf, type SentContent } from '../dsl/source.ts';
import { UNKNOWN } from '../dsl/world.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { maskText } from '../secret-names.ts';

/** Content that only a run can know, because `produce` makes it (on control, never in a check). */
export class LaterContent {
  value: string | undefined;
  readonly produce: () => Promise<string>;

  constructor(produce: () => Promise<string>) {
    this.produce = produce;
  }
}

export type FileOptions = OwnershipOptions &
  (
    | {
        /** Whole content; a `Secret` is compared by digest and never shown. */
        readonly content: string | Secret | LaterContent;
        readonly source?: never;
      }
    | {
        /** A file on control with the content, binary too; a relative path begins at the file that names it. */
        readonly source: string;
        readonly content?: never;
      }
  );

interface FileDesired extends Ownership {
  readonly path: string;
  readonly content: string | Secret | LaterContent | SentContent;
}

/**
 * A regular file with exactly this content and mode (0644 unless said); replaced whole. An owner or group that is not
 * given stays as it is, and so do access lists and extended attributes where the host's `cp` can carry them.
 *
 * @example
 * file('/etc/motd', { content: 'Be kind.\n' })
 * file('/usr/share/fonts/ours.woff2', { source: './ours.woff2' })
 */
export const file = defineResource<FileOptions, FileDesired, Place>({
  kind: 'file',
  name: (desired) => desired.path,
  title: (desired) => `${desired.path} has its content, mode and owner`,
  complete: completeFile,
  thing: ({ path }) => `path ${path}`,
  owns: (desired) => [desired.path],
  leaves({ path, content }, changes) {
    const digest = digestOf(content);
    return broughtBy(
      { kind: 'file', name: path, ...(digest !== undefined && { digest }) },
      changes,
      'content',
    );
  },
  probe: (desired) => probe([contentRead(desired), ...groundReads(desired.path, desired)]),
  parse: ({ out }) => parsePlace(partsOf(out)),
  diff(desired, { at, ground }, world) {
    const { path } = desired;
    const found = world.path(path).over(at);
    requireRoom(path, 'file', found);
    const content = contentDifference(desired, found);
    const ownership = found?.type === 'file' ? ownershipDifferences(desired, found) : [];
    if (content === undefined && ownership.length === 0) return [];
    if (at === undefined) requireSight(path, ground);
    const folder = content === undefined ? 'certain' : requireFolder(path, ground, world);
    const accounts = requireAccounts(desired, ground, world, path);
    const bringable = found === undefined && world.bringsMore;
    const certainty =
      bringable || folder === 'conditional' || accounts === 'conditional' ? 'conditional' : 'certain';
    return [...(content ? [content] : []), ...ownership].map((one) => ({ certainty, ...one }));
  },
  foresee({ path, mode, owner, group, content }, _observed, _changes, world) {
    world.path(path).willBe({
      type: 'file',
      mode,
      ...(owner && { owner }),
      ...(group && { group }),
      sha256: digestOf(content) ?? UNKNOWN,
      text: typeof content === 'string' ? content : undefined,
    });
  },
  async prepare({ path, content }, changes) {
    if (content instanceof LaterContent) content.value = await content.produce();
    const sends = isSent(content) && changes.some(({ property }) => property === 'content');
    return sends ? { transfers: [{ source: content.source, target: incoming(path) }] } : {};
  },
  apply(desired, changes) {
    const { path, mode, owner = '', group = '' } = desired;
    if (changes.every((change) => change.property !== 'content')) {
      return sh`q_mode ${path} ${mode} ${owner} ${group}`;
    }
    if (isSent(desired.content)) {
      // What is kept of the old file has its times, too: they would say that nothing has changed.
      return sh`q_keep ${path} ${incoming(path)} && touch -c -- ${incoming(path)} &&
q_adopt ${incoming(path)} ${path} ${mode} ${`${owner}:${group}`} ${desired.content.sha256}`;
    }
    const text = reveal(desired.content);
    if (text === undefined) throw new Error(`the content of ${path} was never made`);
    return sh`printf %s ${text} | q_write ${path} ${mode} ${owner} ${group}`;
  },
});

function completeFile(name: string, options: FileOptions): FileDesired {
  const path = checkedPath(name);
  const content = options.source === undefined ? options.content : contentOf(options.source);
  if (isSent(content)) return { path, content, ...completeOwnership({ mode: '0644', ...options }) };
  const text = reveal(content);
  const known = typeof content === 'string' || content instanceof Secret || content instanceof LaterContent;
  if (!known) {
    throw new QuorateError(`the content of ${path} is ${typeof content}, text was wanted`, {
      exitCode: EXIT.usage,
    });
  }
  if (text?.includes('\0')) {
    throw new QuorateError(`the content of ${path} has a NUL byte, which no shell can pass on`, {
      exitCode: EXIT.usage,
      hint: 'only text can be written in a role',
    });
  }
  return { path, content, ...completeOwnership({ mode: '0644', ...options }) };
}

function contentDifference(
  { content }: FileDesired,
  found: ObservedPath | undefined,
): Difference | undefined {
  const digest = digestOf(content);
  const kind = found?.type === 'file' || (found && digest === undefined) ? 'update' : 'create';
  const differs = { kind, property: 'content' } as const;
  if (digest === undefined) return { ...differs, before: found?.type ?? null, after: UNKNOWN };
  const texts = [isSent(content) ? undefined : reveal(content), found?.text];
  const isSecret = content instanceof Secret || texts.some((text) => text !== undefined && holdsSecret(text));
  const after = isSecret ? SECRET : shortDigest(digest);
  const shown = (before: string) => typeof content === 'string' && { text: { before, after: content } };
  if (found?.type !== 'file') return { ...differs, before: found?.type ?? null, after, ...shown('') };
  if (found.sha256 === digest) return undefined;
  const before = isSecret
    ? SECRET
    : found.sha256 === undefined
      ? `${found.size} bytes`
      : shortDigest(found.sha256);
  return { ...differs, before, after, ...(found.text !== undefined && shown(found.text)) };
}

/** The rest of such a text is known: with a digest of it, guesses of the secret could be tested. */
function holdsSecret(text: string): boolean {
  return redact(text) !== text || maskText(text) !== text;
}

/** What is there, if it is worth showing: not of a secret, nor of what is larger than a text is read. */
function contentRead({ path, content }: FileDesired) {
  const text = isSent(content) ? undefined : reveal(content);
  if (
    content instanceof Secret ||
    isSent(content) ||
    (text !== undefined && Buffer.byteLength(text) > MAX_TEXT)
  ) {
    return { path, how: 'digest' } as const;
  }
  return { path, how: 'text', ...(text !== undefined && { unless: sha256(text) }) } as const;
}

function isSent(content: FileDesired['content'] | undefined): content is SentContent {
  return typeof content === 'object' && 'source' in content;
}

/** Under which name the bytes arrive. */
function incoming(path: string): string {
  return path.replace(/[^/]*$/, '.$&.quorate-new');
}

/** Of what will be there; undefined where only the run can know. */
function digestOf(content: FileDesired['content']): string | undefined {
  if (isSent(content)) return content.sha256;
  const text = reveal(content);
  return text === undefined ? undefined : sha256(text);
}

function reveal(content: Exclude<FileDesired['content'], SentContent>): string | undefined {
  if (content instanceof LaterContent) return content.value;
  return content instanceof Secret ? content.reveal() : content;
}
