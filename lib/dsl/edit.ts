import { EXIT, QuorateError } from '../errors.ts';
import { isSame } from './common/same.ts';
import { linesTrace } from './ledger/made.ts';
import { is, type OptionTable } from './options/options.ts';
import {
  checkedPath,
  isForeseenOnly,
  type KeptOwnership,
  type ObservedPath,
  OWNERSHIP,
  type OwnershipOptions,
  ownershipOfNew,
  requireReplaceable,
  requireRoom,
  SECRET,
  sha256,
} from './path.ts';
import { defineResource, type Resource } from './resource.ts';
import { holdsSecret } from './secret.ts';
import { MAX_EDITED, MAX_TEXT, partsOf, probe } from './shell/probe.ts';
import { type Sh, sh } from './shell/sh.ts';
import type { Change } from './task.ts';
import type { Trace } from './trace/trace.ts';
import { asked, orRefused, type Validate, validationOf } from './validation.ts';
import {
  groundReads,
  type Place,
  parsePlace,
  requireAccounts,
  requireFolder,
  requireSight,
} from './world/ground.ts';
import { completeKept, modeOfNew } from './world/kept-mode.ts';
import { UNKNOWN } from './world/world.ts';

/** What every edit of a text file takes. */
export interface EditOptions extends OwnershipOptions {
  /** Make the file where it is missing, with this mode (0644 unless said, 0600 with a secret in it) and owner; otherwise that is an error. */
  readonly create?: boolean;
  /** Shell that ends with 0 if the file would be good with the edit; asked by the run before it replaces the file. */
  readonly validate?: Validate;
}

/** These options, for the table of an edit. */
export const EDIT: OptionTable<EditOptions> = {
  ...OWNERSHIP,
  create: is.boolean,
  validate: is.function(),
};

/** A wish for a part of a text file; the file keeps its mode and owner, and every other byte. */
export interface Edited extends KeptOwnership {
  readonly path: string;
  readonly create: boolean;
  readonly validate?: Sh;
}

/** The part of a wish that concerns the file itself. */
export function completeEdit(path: string, { create = false, validate, ...owned }: EditOptions): Edited {
  const asks = validationOf(`an edit of ${JSON.stringify(path)}`, '/dev/stdin', validate);
  return {
    path: checkedPath(path),
    create,
    ...(asks && { validate: asks }),
    ...completeKept(owned, '0644'),
  };
}

interface Editing<Options, Desired>
  extends Pick<
    Resource<Options, Desired, unknown>,
    'kind' | 'options' | 'oneOf' | 'complete' | 'name' | 'title'
  > {
  /** Give the whole text as it must be; pure, and done twice it changes nothing more. */
  edit(text: string, desired: Desired): string;
  /** Give the lines that are ours in the text, one behind the other; none where some are to be absent. */
  lines?(desired: Desired): readonly string[];
}

/**
 * Make a resource that is a part of a text file which others write, too. The new text is made here, from what was
 * read, and replaces the file whole; if the file has changed in between, the apply refuses. Where an earlier task may
 * bring another text (packages, a command), it is judged when its turn comes.
 *
 * @example
 * const greeting = defineEdit<EditOptions, Edited>({
 *   kind: 'greeting',
 *   options: EDIT,
 *   complete: completeEdit,
 *   name: ({ path }) => path,
 *   title: ({ path }) => `${path} greets`,
 *   edit: (text) => (text.includes('Hello\n') ? text : `${text}Hello\n`),
 * });
 */
export function defineEdit<Options extends object, Desired extends Edited>({
  edit,
  lines,
  ...resource
}: Editing<Options, Desired>) {
  const wantsText = (desired: Desired) => {
    try {
      return edit('', desired) !== '';
    } catch {
      // It makes nothing of an empty text, so it wants another one.
      return true;
    }
  };
  return defineResource<Options, Desired, Place>({
    ...resource,
    probe: ({ path, ...desired }) =>
      probe([{ path, how: 'text', most: MAX_EDITED }, ...groundReads(path, desired)]),
    parse: ({ out }) => parsePlace(partsOf(out), MAX_EDITED),
    diff(desired, { at, ground }, world) {
      const { path, create } = desired;
      const found = world.path(path).over(at);
      if (found !== undefined && (isForeseenOnly(found) || found.sha256 === UNKNOWN)) {
        return [{ kind: 'update', property: 'text', before: UNKNOWN, after: UNKNOWN, certainty: 'unknown' }];
      }
      const before = found === undefined ? '' : editableText(path, found, MAX_EDITED);
      const after = inItsForm(before, (plain) => edit(plain, desired));
      // Where nothing is wanted of it, it need not be there.
      if (after === before) return [];
      requireReplaceable(path, found, world);
      const text = { before, after };
      const isNew = found === undefined;
      if (isNew && at === undefined) requireSight(path, ground);
      if (isNew && !create && !world.bringsMore) throw noFile(path);
      const folder = requireFolder(path, ground, world);
      const certainty = world.bringsMore ? 'conditional' : folder;
      if (!isNew) return [{ kind: 'update', property: 'text', ...lineOf(text), certainty, text }];
      requireAccounts(desired, ground, world, path);
      const made = { kind: 'create', property: 'text', ...lineOf(text), before: null, text } as const;
      const ownership = ownershipOfNew({ ...desired, mode: modeOfNew(desired, after) }, '0644');
      return [made, ...ownership].map((one) => ({ ...one, certainty }));
    },
    foresee({ path, ...desired }, { at }, changes, world) {
      const [change] = changes;
      if (change === undefined) return;
      const text = change.text?.after;
      const made = at === undefined ? { type: 'file' as const, mode: modeOfNew(desired, text) } : {};
      world.path(path).willBe({ ...made, text, sha256: text === undefined ? UNKNOWN : sha256(text) });
    },
    apply({ path, owner = '', group = '', validate, ...desired }, changes) {
      const { before = '', after = '' } = changes[0]?.text ?? {};
      const good =
        validate === undefined
          ? sh``
          : sh`${asked(after, validate)}${orRefused(path)}
`;
      if (changes[0]?.kind === 'create') {
        return sh`if [ -e ${path} ]; then echo ${`${path} is there by now: run again`}; exit 1; fi
${good}printf %s ${after} | q_write ${path} ${modeOfNew(desired, after)} ${owner} ${group}`;
      }
      return sh`if [ "$(q_sha256 ${path})" != ${sha256(before)} ]; then echo ${`${path} has changed since it was read: run again`}; exit 1; fi
${good}printf %s ${after} | q_write ${path} "$(stat -c %a -- ${path})" '' ''`;
    },
    files: ({ path }) => [path],
    provides: (desired) => (wantsText(desired) ? [desired.path] : []),
    traces: (desired, changes) => tracesOf(desired, lines?.(desired) ?? [], changes),
    late: true,
  });
}

/** Where lines took the place of others, what was there before cannot be brought back: only the content is ours. */
function tracesOf(
  { path, create }: Edited,
  lines: readonly string[],
  changes: readonly Change[] | undefined,
): readonly Trace[] {
  const file = create ? [{ kind: 'text', name: path } as const] : [];
  const ours = lines.length === 0 ? [] : [linesTrace(path, lines)];
  const [change] = changes ?? [];
  if (changes === undefined) return [...file, ...ours];
  if (change?.text === undefined) return [];
  const { before, after } = change.text;
  const [old, next] = [linesOf(plainText(before)), linesOf(plainText(after))];
  const isAdded = next.some((_, at) => {
    if (!isSame(next.slice(at, at + lines.length), lines)) return false;
    return isSame([...next.slice(0, at), ...next.slice(at + lines.length)], old);
  });
  return [
    ...(change.kind === 'create' ? file : []),
    ...ours.map((one) => (isAdded ? one : { ...one, there: true as const })),
  ];
}

/** The text of a file that can be edited; throws exit code 2 for any other, in a check too. */
export function editableText(path: string, found: ObservedPath, most = MAX_TEXT): string {
  requireRoom(path, 'file', found);
  if (found.type !== 'file') {
    throw cannotEdit(path, `it is a ${found.type}`, 'name the file that it leads to');
  }
  const { text } = found;
  if (text === undefined) {
    throw cannotEdit(path, `it is larger than ${most / 1024} KiB`, 'write it whole, with file()');
  }
  if (text.includes('\0') || sha256(text) !== found.sha256) {
    throw cannotEdit(path, 'it is not UTF-8 text', 'write it whole, with file()');
  }
  return text;
}

/** Shows the first line that differs, for a plan without texts; where a secret is in what goes or what will be there, only that it differs. */
function lineOf({ before, after }: { readonly before: string; readonly after: string }) {
  const [old, next] = [before.split('\n'), after.split('\n')];
  const [was, will] = [new Set(old), new Set(next)];
  const gone = old.find((line) => !will.has(line));
  const come = next.find((line) => !was.has(line));
  // An old secret is known to nobody here: it may be what goes wherever a new one is.
  // The whole text tells: a line of a key, or of a block, is none by itself.
  const isSecret = [before, after].some(holdsSecret);
  const shown = (line: string | undefined) => (line === undefined ? null : isSecret ? SECRET : line);
  return { before: shown(gone), after: shown(come) };
}

/** Edit a text as if its lines ended with a line feed alone, and put its own form back. Without an edit it stays. */
export function inItsForm(text: string, edit: (plain: string) => string): string {
  const plain = plainText(text);
  const after = withItsEnd(plain, edit(plain));
  if (after === plain) return text;
  const mark = text.startsWith(MARK) ? MARK : '';
  return `${mark}${hasWindowsEnds(text) ? after.replaceAll('\n', '\r\n') : after}`;
}

/** A text whose last line has no end keeps it so, as long as that line stays the last. */
export function withItsEnd(before: string, after: string): string {
  const isOpen = before !== '' && !before.endsWith('\n');
  return isOpen && linesOf(before).at(-1) === linesOf(after).at(-1) ? after.replace(/\n$/, '') : after;
}

/** A text without the mark that some editors put in front, and without the carriage returns of Windows. */
export function plainText(text: string): string {
  const bare = text.startsWith(MARK) ? text.slice(MARK.length) : text;
  return hasWindowsEnds(bare) ? bare.replaceAll('\r\n', '\n') : bare;
}

const MARK = '\ufeff';

/** Where only some lines have them they are a part of those lines. */
function hasWindowsEnds(text: string): boolean {
  return text.includes('\r\n') && !/(^|[^\r])\n/.test(text);
}

/** The lines of a text, without the end that the last one may lack. */
export function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** A text of these lines, each with its end. */
export function textOfLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** One line, as it is to stand in a file; throws exit code 1 for anything else. */
export function oneLine(what: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && !/[\n\r\0]/.test(value)) return value;
  throw new QuorateError(`${what} ${JSON.stringify(value) ?? value} is not one line of text`, {
    exitCode: EXIT.usage,
    hint: 'leave out line ends, and do not leave it empty',
  });
}

function noFile(path: string): QuorateError {
  return cannotEdit(path, 'it is missing', 'create: true makes it; or declare what brings it before');
}

function cannotEdit(path: string, found: string, hint: string): QuorateError {
  return new QuorateError(`cannot edit ${path}: ${found}`, { exitCode: EXIT.failed, hint });
}
