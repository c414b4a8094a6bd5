import { dirname } from 'node:path/posix';
import { broughtBy } from '../dsl/ledger/made.ts';
import { orGone } from '../dsl/mark.ts';
import { is, must } from '../dsl/options/options.ts';
import { checkedPath, isForeseenOnly, sha256 } from '../dsl/path.ts';
import { defineResource } from '../dsl/resource.ts';
import { partsOf, probe } from '../dsl/shell/probe.ts';
import { sh } from '../dsl/shell/sh.ts';
import type { Mark } from '../dsl/task.ts';
import { linkState } from '../dsl/world/behind-links.ts';
import { groundReads, type Place, parsePlace, requireFolder, requireSight } from '../dsl/world/ground.ts';
import { EXIT, QuorateError } from '../errors.ts';

export interface LinkOptions {
  /** What it leads to, as it stands in the link; it need not be there. */
  readonly to: string;
}

interface LinkDesired extends LinkOptions {
  readonly path: string;
}

interface ObservedLink extends Place {
  readonly to: string | undefined;
  /** What it would lead to is the path itself, by way of other links. */
  readonly isItself: boolean;
}

/**
 * A symbolic link. Another link makes way for it; what is no link stays, and is an error.
 *
 * @example
 * link('/etc/nginx/sites-enabled/site', { to: '../sites-available/site' })
 */
export const link = defineResource<LinkOptions, LinkDesired, ObservedLink>({
  kind: 'link',
  options: { to: must(is.text) },
  complete(path, { to }) {
    if (typeof to === 'string' && to !== '' && !/[\0\n]/.test(to)) return { path: checkedPath(path), to };
    throw new QuorateError(`the link ${path} leads to ${JSON.stringify(to) ?? to}, which is not a path`, {
      exitCode: EXIT.usage,
      hint: "name what it leads to: { to: '/srv/site' }",
    });
  },
  name: ({ path }) => path,
  title: ({ path, to }) => `${path} leads to ${to}`,
  thing: ({ path }) => `path ${path}`,
  owns: ({ path }) => [path],
  files: () => [],
  marks: ({ path, to }) => [linkMark(path, to)],
  traces: ({ path, to }, changes) => broughtBy({ kind: 'link', name: path, digest: to }, changes, 'to'),
  probe: ({ path, to }) =>
    probe(
      [{ path, how: 'stat' }, ...groundReads(path, {})],
      sh`if [ -L ${path} ]; then echo "to $(readlink -- ${path})"
elif (cd -- ${path.replace(/[^/]*$/, '')} 2>/dev/null && [ ${to} -ef ${path} ]); then echo itself; fi`,
    ),
  parse({ out }) {
    const parts = partsOf(out);
    const own = parts.at(-1) ?? '';
    return {
      to: /^to (.*)$/m.exec(own)?.[1],
      isItself: own === 'itself',
      ...parsePlace(parts),
    };
  },
  diff({ path, to }, { at, to: before, isItself, ground }, world) {
    const found = world.path(path).over(at);
    if (found?.type === 'link' && before === to) return [];
    if (isItself && found !== undefined)
      throw cannot(path, `${to} is the same file`, 'a link to itself leads nowhere');
    const isUnknown = found !== undefined && isForeseenOnly(found);
    if (found !== undefined && found.type !== 'link' && !isUnknown) {
      throw cannot(path, `there is a ${found.type}`, 'move it away: it is not ours to remove');
    }
    if (at === undefined) requireSight(path, ground);
    const sure = isUnknown ? 'conditional' : 'certain';
    const certainty = found === undefined ? requireFolder(path, ground, world) : sure;
    const kind = found === undefined ? 'create' : 'update';
    return [
      { kind, property: 'to', before: found === undefined ? null : (before ?? null), after: to, certainty },
    ];
  },
  foresee: ({ path, to }, _observed, changes, world) =>
    world.path(path).willBe(linkState(world.behind(path).path, to, changes.length > 0)),
  // With -n a link to a directory is replaced, not filled.
  apply: ({ path, to }) => sh`q_on ${path} ln -sfn -- ${to} && q_label ${path}`,
});

/** A link, by where it leads: what it leads to is another's business. */
export function linkMark(path: string, to: string): Mark {
  return {
    name: path,
    beside: dirname(path),
    look: sh`if [ -L ${path} ]; then q_sum=$(readlink -- ${path} | sha256sum); echo "link:\${q_sum%% *} $(stat -c %Y -- ${path})"
${orGone(path)}`,
    after: (changes) => (changes.length > 0 ? `link:${sha256(`${to}\n`)}` : undefined),
  };
}

function cannot(path: string, found: string, hint: string): QuorateError {
  return new QuorateError(`cannot make the link ${path}: ${found}`, { exitCode: EXIT.failed, hint });
}
