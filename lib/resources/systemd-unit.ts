import { oneLine } from '../dsl/edit.ts';
import { broughtBy } from '../dsl/ledger/made.ts';
import { is, must } from '../dsl/options/options.ts';
import { requireRoom, sha256 } from '../dsl/path.ts';
import { type Difference, defineResource } from '../dsl/resource.ts';
import { usualMode } from '../dsl/secret.ts';
import { partsOf, probe } from '../dsl/shell/probe.ts';
import { type Sh, sh } from '../dsl/shell/sh.ts';
import { foreseeFolders, groundReads, type Place, parsePlace, requireFolder } from '../dsl/world/ground.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { contentDifference } from './content/content.ts';
import { requireSystemd, unitPath } from './service/systemd.ts';
import { foreseeReload, willBeStale } from './service/unread.ts';

export interface SystemdUnitOptions {
  readonly content: string;
}

interface SystemdUnitDesired extends SystemdUnitOptions {
  readonly path: string;
  /** Whose definition it is a part of. */
  readonly unit: string;
  readonly mode: string;
}

interface ObservedFile extends Place {
  /** systemd has another definition in force than the one on disk. */
  readonly stale: boolean;
}

/**
 * A unit of systemd, or a drop-in of one, in `/etc/systemd/system`, and in force: systemd has read it. What runs is not
 * started again: name the task in the `restartOn` of a service for that. One that has a secret (see `file`) is root's
 * alone, but systemd tells everybody on the host what it has read: name a `file` in `EnvironmentFile=` instead.
 *
 * @example
 * const unit = systemdUnit('site.service', {
 *   content: '[Service]\nExecStart=/usr/bin/site\n[Install]\nWantedBy=multi-user.target\n',
 * });
 * systemdUnit('nginx.service.d/limits.conf', { content: '[Service]\nLimitNOFILE=65536\n' })
 * service('site', { restartOn: [unit] })
 */
export const systemdUnit = defineResource<SystemdUnitOptions, SystemdUnitDesired, ObservedFile>({
  kind: 'systemd-unit',
  options: { content: must(is.text) },
  complete(name, { content }) {
    const mode = usualMode(content);
    const [, unit] = /^([\w.@:\\-]+\.[a-z]+?)(?:\.d\/[\w.-]+\.conf)?$/.exec(oneLine('unit', name)) ?? [];
    if (unit !== undefined) return { path: unitPath(name), unit, content, mode };
    throw new QuorateError(`${JSON.stringify(name)} is not the name of a unit`, {
      exitCode: EXIT.usage,
      hint: "write it whole: 'site.service', or 'site.service.d/ours.conf' for a drop-in",
    });
  },
  name: ({ path }) => path.slice(unitPath('').length),
  title: ({ path }) => `${path.slice(unitPath('').length)} is in force`,
  thing: ({ path }) => `path ${path}`,
  owns: ({ path }) => [path],
  traces({ path, content }, changes) {
    const folder = path.slice(0, path.lastIndexOf('/'));
    const file = broughtBy({ kind: 'file', name: path, digest: sha256(content) }, changes, 'content');
    const isDropIn = folder.endsWith('.d') && file.length > 0;
    return [...(isDropIn ? [{ kind: 'directory', name: folder, implied: true } as const] : []), ...file];
  },
  probe: ({ path, unit, content }) =>
    probe([{ path, how: 'text', unless: sha256(content) }, ...groundReads(path, {})], manager(unit)),
  parse({ out }, { unit }) {
    const parts = partsOf(out);
    const manager = parts.at(-1) ?? '';
    requireSystemd(manager, unit);
    return { ...parsePlace(parts), stale: manager.includes('NeedDaemonReload=yes') };
  },
  diff({ path, content, mode: wanted, unit: name }, { at, ground, stale }, world) {
    const found = world.path(path).over(at);
    requireRoom(path, 'file', found);
    const unit: Difference = { kind: 'update', property: 'in force', before: 'another', after: 'this one' };
    if (found?.sha256 === sha256(content)) {
      const mode: Difference = { kind: 'update', property: 'mode', before: found.mode, after: wanted };
      return [...(found.mode === wanted ? [] : [mode]), ...(willBeStale(name, stale, world) ? [unit] : [])];
    }
    requireFolder(path, ground, world, { makesFolders: true });
    return [contentDifference(content, found)].filter((one) => one !== undefined);
  },
  foresee({ path, content, mode }, { ground }, changes, world) {
    foreseeFolders(path, ground, world);
    world.path(path).willBe({ type: 'file', mode, sha256: sha256(content), text: content });
    if (changes.length > 0) foreseeReload(world);
  },
  apply: ({ path, content, mode }) => sh`mkdir -p -- ${path.replace(/\/[^/]*$/, '')} || exit
printf %s ${content} | q_write ${path} ${mode} '' '' && systemctl daemon-reload`,
});

/** systemd knows the loaded instances of a template, and nothing else of it. */
function manager(unit: string): Sh {
  const [, name, ending] = /^(.+@)(\.[a-z]+)$/.exec(unit) ?? [];
  if (name === undefined) return sh`systemctl show -p NeedDaemonReload ${unit}`;
  return sh`systemctl show -p Version; systemctl show -p NeedDaemonReload ${`${name}*${ending}`}`;
}
