import {
  type ObservedPath,
  type Ownership,
  ownershipDifferences,
  parsePath,
  requireRoom,
  sha256,
} from '../dsl/path.ts';
import { MAX_TEXT, probe } from '../dsl/probe.ts';
import { defineResource } from '../dsl/resource.ts';
import { Secret } from '../dsl/secret.ts';
import { sh } from '../dsl/sh.ts';
import { UNKNOWN } from '../dsl/task.ts';

/** Content that only a run can know, because `produce` makes it (on control, never in a check). */
export class LaterContent {
  value: string | undefined;
  readonly produce: () => Promise<string>;

  constructor(produce: () => Promise<string>) {
    this.produce = produce;
  }
}

export interface FileDesired extends Ownership {
  /** Absolute path on the host. */
  readonly path: string;
  /** Whole content; a `Secret` is compared by digest and never shown. */
  readonly content: string | Secret | LaterContent;
}

/** A regular file with exactly this content, mode and owner; replaced atomically. */
export const file = defineResource<FileDesired, ObservedPath | undefined>({
  kind: 'file',
  name: (desired) => desired.path,
  title: (desired) => `${desired.path} has its content, mode and owner`,
  owns: (desired) => [desired.path],
  probe: ({ path, content }) => probe([{ path, how: showsText(content) ? 'text' : 'digest' }]),
  parse: parsePath,
  diff(desired, observed) {
    requireRoom(desired.path, 'file', observed);
    const text = reveal(desired.content);
    if (text === undefined) {
      const kind = observed ? 'update' : 'create';
      return [
        { kind, property: 'content', before: observed ? observed.type : null, after: UNKNOWN },
        ...(observed?.type === 'file' ? ownershipDifferences(desired, observed) : []),
      ];
    }
    if (observed?.type !== 'file') {
      return [
        {
          kind: 'create',
          property: 'content',
          before: observed ? observed.type : null,
          after: short(sha256(text)),
          ...(typeof desired.content === 'string' && { text: { before: '', after: desired.content } }),
        },
      ];
    }
    const content = observed.sha256 !== sha256(text) && {
      kind: 'update' as const,
      property: 'content',
      before: short(observed.sha256 ?? ''),
      after: short(sha256(text)),
      ...(observed.text !== undefined &&
        typeof desired.content === 'string' && { text: { before: observed.text, after: desired.content } }),
    };
    return [...(content ? [content] : []), ...ownershipDifferences(desired, observed)];
  },
  foresee(desired, _observed, _changes, world) {
    const text = reveal(desired.content);
    world.set(`sha256:${desired.path}`, text === undefined ? UNKNOWN : sha256(text));
  },
  async prepare({ content }) {
    if (content instanceof LaterContent) content.value = await content.produce();
    return {};
  },
  apply(desired, changes) {
    const { path, mode, owner = '', group = '' } = desired;
    if (changes.every((change) => change.property !== 'content')) {
      return sh`q_mode ${path} ${mode} ${owner} ${group}`;
    }
    return sh`printf %s ${reveal(desired.content) ?? ''} | q_write ${path} ${mode} ${owner} ${group}`;
  },
});

function reveal(content: FileDesired['content']): string | undefined {
  if (content instanceof LaterContent) return content.value;
  return content instanceof Secret ? content.reveal() : content;
}

/** Whether what is there is worth reading: not of a secret, nor of what is larger than a text is read. */
function showsText(content: FileDesired['content']): boolean {
  const text = reveal(content);
  return !(content instanceof Secret) && (text === undefined || Buffer.byteLength(text) <= MAX_TEXT);
}

/** The form digests take in plans and events. */
function short(digest: string): string {
  return `sha256:${digest.slice(0, 12)}`;
}
