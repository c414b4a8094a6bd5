import { broughtBy } from '../dsl/ledger/made.ts';
import { is } from '../dsl/options/options.ts';
import {
  checkedPath,
  isForeseenOnly,
  type KeptOwnership,
  type ObservedPath,
  OWNERSHIP,
  type OwnershipOptions,
  ownershipDifferences,
  ownershipOfNew,
  requireReplaceable,
  requireRoom,
} from '../dsl/path.ts';
import { defineResource } from '../dsl/resource.ts';
import { usualMode } from '../dsl/secret.ts';
import { partsOf, probe } from '../dsl/shell/probe.ts';
import { type Sh, sh } from '../dsl/shell/sh.ts';
import { type Validate, validationOf } from '../dsl/validation.ts';
import {
  groundReads,
  type Place,
  parsePlace,
  requireAccounts,
  requireFolder,
  requireSight,
} from '../dsl/world/ground.ts';
import { completeKept, foreseenMode, joinedOwnership, modeAt } from '../dsl/world/kept-mode.ts';
import { EXIT, QuorateError } from '../errors.ts';
import {
  CONTENT,
  CONTENT_WAYS,
  type Content,
  type ContentOptions,
  completeContent,
  contentDifference,
  contentRead,
  digestOf,
  foreseenContent,
  incoming,
  isSent,
  prepareContent,
  writeContent,
} from './content/content.ts';
import { refusalIn, requireValid, validated, validation } from './content/validate.ts';

export type FileOptions = OwnershipOptions &
  ContentOptions & {
    /**
     * Shell that ends with 0 if a file with the new content would be good; it is given a path to read it from, once. Asked
     * in a check, too, and before the file is replaced; not of what is sent (bytes, downloads) until it has arrived.
     */
    readonly validate?: Validate;
    /** `false`: the content is for a file that is missing; one that is there keeps its own. */
    readonly replace?: boolean;
  };

interface FileDesired extends KeptOwnership {
  readonly path: string;
  readonly content: Content;
  readonly validate: Sh | undefined;
  /** Only where it is missing. */
  readonly once?: true;
}

interface ObservedFile extends Place {
  /** What the validation has against the new content; undefined where it has nothing, or was not asked. */
  readonly refusal: string | undefined;
}

/**
 * A regular file with exactly this content; replaced whole. A mode, owner or group that is not given stays as it is, and so
 * do access lists and extended attributes where the host's `cp` can carry them. A new file is 0644 unless said, and 0600
 * where a secret is in its content: a `Secret`, a private key in PEM, a URL with a password, or the value of a variable of a role that is
 * declared as one or named so.
 *
 * @example
 * file('/etc/motd', { content: 'Be kind.\n' })
 * file('/usr/share/fonts/ours.woff2', { source: './ours.woff2' })
 * file('/usr/local/bin/tool', { url: 'https://example.org/tool-1.2', sha256: '9f86d081884c…', mode: '0755' })
 * file('/etc/nginx/conf.d/site.conf', { template: './site.conf.j2', values: { port: vars.port } })
 * file('/var/log/app.log', { content: '', replace: false, owner: 'app' })
 * file('/etc/ssh/sshd_config', { source: './sshd_config', validate: (path) => sh`sshd -t -f ${path}` })
 */
export const file = defineResource<FileOptions, FileDesired, ObservedFile>({
  kind: 'file',
  options: { ...OWNERSHIP, ...CONTENT, validate: is.function(), replace: is.boolean },
  oneOf: CONTENT_WAYS,
  name: (desired) => desired.path,
  title: ({ path, once }) =>
    `${path} ${once ? 'is there, with its mode and owner' : 'has its content, mode and owner'}`,
  complete(name, options) {
    const path = checkedPath(name);
    const content = completeContent(path, options);
    return {
      path,
      content,
      validate: validationOf(
        `file ${JSON.stringify(path)}`,
        isSent(content) ? incoming(path) : '/dev/stdin',
        options.validate,
      ),
      ...(options.replace === false && { once: true as const }),
      ...completeKept(options, usualMode(content)),
    };
  },
  thing: ({ path }) => `path ${path}`,
  join: joinedOwnership,
  owns: (desired) => [desired.path],
  traces({ path, content }, changes) {
    const digest = digestOf(content);
    return broughtBy(
      { kind: 'file', name: path, ...(digest !== undefined && { digest }) },
      changes,
      'content',
    );
  },
  // Of one that is kept as it is nobody reads what is in it: it may be a log.
  probe: ({ path, content, validate, once, ...owners }) =>
    probe(
      [once ? { path, how: 'stat' } : contentRead(path, content), ...groundReads(path, owners)],
      validation(path, content, validate),
    ),
  parse({ out }) {
    const parts = partsOf(out);
    return { ...parsePlace(parts), refusal: refusalIn(parts.at(-1)) };
  },
  diff(desired, { at, ground, refusal }, world) {
    const { path } = desired;
    const found = world.path(path).over(at);
    requireRoom(path, 'file', found);
    if (desired.once && found?.type === 'link') throw isLink(path);
    const content = keepsContent(desired, found) ? undefined : contentDifference(desired.content, found);
    const ownership =
      found?.type === 'file' ? ownershipDifferences(desired, found) : ownershipOfNew(desired, '0644');
    if (content === undefined && ownership.length === 0) return [];
    if (content !== undefined || found?.pinned === 'attribute') requireReplaceable(path, found, world);
    if (at === undefined) requireSight(path, ground);
    const folder = content === undefined ? 'certain' : requireFolder(path, ground, world);
    const accounts = requireAccounts(desired, ground, world, path);
    const valid = content === undefined ? 'certain' : requireValid(path, refusal, world);
    // What is made by then may be right.
    const bringable = found === undefined ? world.bringsMore : isForeseenOnly(found);
    const certainty =
      bringable || [folder, accounts, valid].includes('conditional') ? 'conditional' : 'certain';
    return [...(content ? [content] : []), ...ownership].map((one) => ({ certainty, ...one }));
  },
  foresee(desired, { at }, _changes, world) {
    const { path, owner, group, content } = desired;
    const found = world.path(path).over(at);
    const ownership = { ...foreseenMode(desired, found), ...(owner && { owner }), ...(group && { group }) };
    const isKept = keepsContent(desired, found);
    world.path(path).willBe({ type: 'file', ...ownership, ...(isKept ? {} : foreseenContent(content)) });
  },
  // What an earlier task brings to its place is kept as well.
  late: ({ once }) => once === true,
  prepare: ({ path, content }, changes, context) => prepareContent(path, content, changes, context),
  apply(desired, changes) {
    const { path, content, validate, owner = '', group = '' } = desired;
    if (changes.every((change) => change.property !== 'content')) {
      return sh`q_mode ${path} ${modeAt(path, desired)} ${owner} ${group}`;
    }
    const write = validated(path, content, validate, writeContent(path, content, desired));
    if (!desired.once) return write;
    return sh`if [ -f ${path} ]; then echo ${`${path} is there by now: run again`}; exit 1; fi
${write}`;
  },
});

function keepsContent({ once }: FileDesired, found: ObservedPath | undefined): boolean {
  return once === true && found?.type === 'file';
}

function isLink(path: string): QuorateError {
  return new QuorateError(`${path} is a link, where a file that is kept was wanted`, {
    exitCode: EXIT.failed,
    hint: 'name the file that it leads to',
  });
}
