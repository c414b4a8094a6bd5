import { beside, is, type OptionTable } from '../../dsl/options/options.ts';
import { type KeptOwnership, type ObservedPath, SECRET, sha256, shortDigest } from '../../dsl/path.ts';
import type { Difference } from '../../dsl/resource.ts';
import { holdsSecret, Secret } from '../../dsl/secret.ts';
import { LONGEST_NAME } from '../../dsl/shell/prelude.ts';
import { MAX_TEXT, type PathRead } from '../../dsl/shell/probe.ts';
import { type Sh, sh } from '../../dsl/shell/sh.ts';
import { contentOf, type SentContent } from '../../dsl/source/source.ts';
import type { Change, PrepareContext, Prepared } from '../../dsl/task.ts';
import { modeAt } from '../../dsl/world/kept-mode.ts';
import { UNKNOWN } from '../../dsl/world/world.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { checkedUrl, type FetchedContent, fetchOnce } from './fetch.ts';
import { LaterContent, LaterFile } from './later.ts';
import { rendered } from './template.ts';

/** What a file is to hold. */
export type Content = string | Secret | LaterContent | LaterFile | SentContent | FetchedContent;

/** The ways to say it. */
export interface ContentWays {
  /** Whole content; a `Secret` is compared by digest and never shown. */
  readonly content: string | Secret | LaterContent | LaterFile;
  /** A file on control with the content, binary too; a relative path begins at the file that names it. */
  readonly source: string;
  /** Where it is downloaded from, by control and once a run; `sha256` says what it must be, so a check needs no network. */
  readonly url: string;
  /** A Jinja template beside the role, with `values` for its names: `./site.conf.j2`. A name without a value is an error. */
  readonly template: string;
}

export interface ContentDetails {
  /** SHA-256 of what `url` gives, in hex; a `source` is compared with it. */
  readonly sha256?: string;
  /** What a `template` knows. */
  readonly values?: Readonly<Record<string, unknown>>;
}

/** One way, and what belongs to it. */
export type ContentOptions = OneWay<ContentWays, ContentDetails, Belonging>;

interface Belonging {
  readonly content: never;
  readonly source: 'sha256';
  readonly url: 'sha256';
  readonly template: 'values';
}

type OneWay<Ways, Details, Belongs extends Record<keyof Ways, keyof Details>> = {
  [Way in keyof Ways]: Pick<Ways, Way> &
    Pick<Details, Belongs[Way]> & {
      readonly [Other in Exclude<keyof Ways, Way> | Exclude<keyof Details, Belongs[Way]>]?: never;
    };
}[keyof Ways];

/** The ways, for the table of a resource. */
export const CONTENT_WAYS = ['content', 'source', 'url', 'template'] as const;

export const CONTENT: OptionTable<ContentOptions> = {
  content: {
    wanted: 'text',
    hint: is.text.hint,
    holds: (value) =>
      typeof value === 'string' ||
      value instanceof Secret ||
      value instanceof LaterContent ||
      value instanceof LaterFile,
  },
  source: is.text,
  url: is.text,
  template: is.text,
  sha256: beside(is.text, 'source', 'url'),
  values: beside(is.object(), 'template'),
};

/** Brings what a role says of the content of a file into one form; throws exit code 1 for what no file can hold. */
export function completeContent(path: string, options: ContentOptions): Content {
  if (options.source !== undefined) return contentOf(options.source, options.sha256);
  if (options.url !== undefined) return checkedUrl(options.url, options.sha256);
  if (options.template !== undefined) return rendered(options.template, options.values ?? {});
  const { content } = options;
  if (content instanceof LaterContent || content instanceof LaterFile) return content;
  const text: unknown = content instanceof Secret ? content.reveal() : content;
  if (typeof text !== 'string') {
    throw wrong(`the content of ${path} is ${typeof text}, text was wanted`);
  }
  if (text.includes('\0')) {
    throw wrong(
      `the content of ${path} has a NUL byte, which no shell can pass on`,
      'bytes come from a file: source',
    );
  }
  return content as string | Secret;
}

/** The look that tells content from what is there: its text is read if it is worth showing. */
export function contentRead(path: string, content: Content): PathRead {
  const text = revealed(content);
  const isLong = text !== undefined && Buffer.byteLength(text) > MAX_TEXT;
  if (content instanceof Secret || isSent(content) || isLong) return { path, how: 'digest' };
  return { path, how: 'text', ...(text !== undefined && { unless: sha256(text) }) };
}

/** How the content of what was found differs; undefined where it does not. */
export function contentDifference(
  content: Content,
  found: ObservedPath | undefined,
  property = 'content',
): Difference | undefined {
  if (content instanceof LaterContent) {
    if (found?.text !== undefined) content.requireNoneIn(found.text);
    content.requireAllSeen();
  }
  const digest = digestOf(content);
  const kind = found?.type === 'file' || (found && digest === undefined) ? 'update' : 'create';
  const differs = { kind, property } as const;
  if (digest === undefined) return { ...differs, before: found?.type ?? null, after: UNKNOWN };
  const texts = [revealed(content), found?.text];
  // The rest of such a text is known: with a digest of it, guesses of the secret could be tested.
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

/** What the world is told of it. */
export function foreseenContent(content: Content): { readonly sha256: string; readonly text?: string } {
  return {
    sha256: digestOf(content) ?? UNKNOWN,
    ...(typeof content === 'string' && { text: content }),
  };
}

/** Makes what only the run can know, and says what is to be sent, if the content is among the changes. */
export async function prepareContent(
  path: string,
  content: Content,
  changes: readonly Change[],
  context: PrepareContext,
  property = 'content',
): Promise<Prepared> {
  if (content instanceof LaterContent) content.value = await content.produce();
  if (!isSent(content) || !changes.some((change) => change.property === property)) return {};
  return { transfers: [{ source: await sourceOf(content, context), target: incoming(path) }] };
}

async function sourceOf(
  content: SentContent | FetchedContent | LaterFile,
  { progress }: PrepareContext,
): Promise<string> {
  if (content instanceof LaterFile) return content.make();
  return 'url' in content ? fetchOnce(content, progress) : content.source;
}

/** Shell that makes the content take its place; `prepareContent` comes before it. */
export function writeContent(
  path: string,
  content: Content,
  { owner = '', group = '', ...ownership }: KeptOwnership,
): Sh {
  const mode = modeAt(path, ownership);
  if (isSent(content)) {
    if (content.sha256 === undefined) throw neverMade(path);
    return sh`q_adopt ${incoming(path)} ${path} ${mode} ${`${owner}:${group}`} ${content.sha256} keep`;
  }
  const text = revealed(content);
  if (text === undefined) throw neverMade(path);
  return sh`printf %s ${text} | q_write ${path} ${mode} ${owner} ${group}`;
}

/** Its text; undefined where that is not known yet, and for bytes that are sent. */
export function revealed(content: Content): string | undefined {
  if (content instanceof LaterContent) return content.value;
  if (content instanceof Secret) return content.reveal();
  return typeof content === 'string' ? content : undefined;
}

/** Under which name bytes arrive. */
export function incoming(path: string): string {
  const [name = ''] = /[^/]*$/.exec(path) ?? [];
  const short = Buffer.byteLength(name) > LONGEST_NAME ? sha256(name).slice(0, 16) : name;
  return `${path.slice(0, path.length - name.length)}.${short}.quorate-new`;
}

/** Bytes that go to the host by themselves, and not within a script. */
export function isSent(content: Content): content is SentContent | FetchedContent | LaterFile {
  return typeof content === 'object' && 'sha256' in content;
}

/** Digest of what will be there; undefined where only the run can know. */
export function digestOf(content: Content): string | undefined {
  if (isSent(content)) return content.sha256;
  const text = revealed(content);
  return text === undefined ? undefined : sha256(text);
}

function neverMade(path: string): Error {
  return new Error(`the content of ${path} was never made`);
}

function wrong(message: string, hint?: string): QuorateError {
  return new QuorateError(message, { exitCode: EXIT.usage, ...(hint !== undefined && { hint }) });
}
