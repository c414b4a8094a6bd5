import { oneLine } from '../dsl/edit.ts';
import { broughtBy } from '../dsl/ledger/made.ts';
import { is, must } from '../dsl/options/options.ts';
import { type ObservedPath, parsePath, requireRoom, sha256 } from '../dsl/path.ts';
import { type Difference, defineResource } from '../dsl/resource.ts';
import { usualMode } from '../dsl/secret.ts';
import { partsOf, probe } from '../dsl/shell/probe.ts';
import { joinSh, type Sh, sh } from '../dsl/shell/sh.ts';
import {
  type Ground,
  groundReads,
  parseGround,
  requireAccounts,
  requireFolder,
} from '../dsl/world/ground.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { contentDifference } from './content/content.ts';
import { requireSystemd, unitPath } from './service/systemd.ts';
import { foreseeReload, willBeStale } from './service/unread.ts';

export interface TimerOptions {
  /** When, in the words of systemd.time(7): `daily`, `Mon *-*-* 03:00`. */
  readonly calendar: string;
  /** What runs then, by the shell of the host. */
  readonly run: Sh;
  /** Who runs it; root unless said. */
  readonly user?: string;
  /** A time that was missed while the host was down is made up for at its next start. */
  readonly persistent?: boolean;
  readonly environment?: never;
}

interface TimerDesired {
  readonly name: string;
  readonly calendar: string;
  readonly user: string | undefined;
  readonly persistent: boolean;
  /** The two units, by path. */
  readonly files: readonly (readonly [path: string, content: string, mode: string])[];
}

interface ObservedTimer {
  readonly files: readonly (ObservedPath | undefined)[];
  readonly active: boolean;
  readonly enabled: boolean;
  readonly stale: boolean;
  /** systemd does not understand when. */
  readonly wrong: boolean;
  readonly ground: Ground;
}

/**
 * A command that runs at times, by a timer and a service of systemd. A new time starts nothing by itself, also where it
 * has passed for today.
 *
 * @example
 * timer('site-backup', { calendar: 'daily', run: sh`tar -czf /var/backups/site.tgz -C /srv www` })
 */
export const timer = defineResource<TimerOptions, TimerDesired, ObservedTimer>({
  kind: 'timer',
  own: ['environment'],
  options: {
    calendar: must(is.text),
    run: must(is.sh),
    user: is.text,
    persistent: is.boolean,
    environment: is.none('it would not reach the command: write it in front, run: sh`NAME=value backup`'),
  },
  complete(name, { calendar, run, user, persistent = false }) {
    // A template, `x@`, has no instance that could run; of `x.timer` the units would be x.timer.timer and x.timer.service.
    if (!/^[\w:-][\w.@:-]*$/.test(name) || /@$|\.(timer|service)$/.test(name)) throw noName(name);
    const lines = (...some: (string | false)[]) =>
      some
        .filter((one) => one !== false)
        .join('\n')
        .concat('\n');
    const service = lines(
      '[Unit]',
      `Description=${name}`,
      '[Service]',
      'Type=oneshot',
      user !== undefined && `User=${oneLine('user', user)}`,
      `ExecStart=/bin/sh -c ${quoted(run.text)}`,
    );
    const when = lines(
      '[Unit]',
      `Description=When ${name} runs`,
      '[Timer]',
      `OnCalendar=${oneLine('calendar', calendar)}`,
      persistent && 'Persistent=true',
      '[Install]',
      'WantedBy=timers.target',
    );
    const files = [
      [unitPath(`${name}.service`), service, usualMode(service)],
      [unitPath(`${name}.timer`), when, '0644'],
    ] as const;
    return { name, calendar, user, persistent, files };
  },
  name: ({ name }) => name,
  title: ({ name, calendar }) => `${name} runs ${calendar}`,
  owns: ({ files }) => files.map(([path]) => path),
  traces({ name, files }, changes) {
    const begins = changes?.some(({ property }) => property === 'enabled' || property === 'state') ?? true;
    return [
      ...(begins ? [{ kind: 'unit', name: `${name}.timer` } as const] : []),
      ...files.flatMap(([path, content]) =>
        broughtBy({ kind: 'file', name: path, digest: sha256(content) }, changes, path),
      ),
    ];
  },
  probe: ({ name, calendar, user, files }) =>
    probe(
      [
        ...files.map(([path, content]) => ({ path, how: 'text' as const, unless: sha256(content) })),
        ...groundReads(unitPath(name), userOf(user)),
      ],
      sh`systemctl show -p NeedDaemonReload ${`${name}.service`}
systemctl show -p NeedDaemonReload -p ActiveState -p UnitFileState ${`${name}.timer`}
# Before 236 it has no such verb, and understands none.
if ! systemd-analyze calendar ${calendar} >/dev/null 2>&1 && systemd-analyze calendar daily >/dev/null 2>&1; then echo wrong; fi`,
    ),
  parse({ out }, { name, files }) {
    const parts = partsOf(out);
    const own = parts.at(-1) ?? '';
    requireSystemd(own, `${name}.timer`);
    return {
      files: files.map((_, i) => parsePath({ code: 0, out: parts[i] ?? '' })),
      active: /^ActiveState=active$/m.test(own),
      enabled: /^UnitFileState=enabled$/m.test(own),
      stale: own.includes('NeedDaemonReload=yes'),
      wrong: /^wrong$/m.test(own),
      ground: parseGround(parts),
    };
  },
  diff({ name, calendar, user, files }, seen, world) {
    if (seen.wrong) throw noTime(name, calendar);
    requireAccounts(userOf(user), seen.ground, world, `the timer ${name}`);
    const written = files.flatMap(([path, content, mode], i): readonly Difference[] => {
      const found = world.path(path).over(seen.files[i]);
      requireRoom(path, 'file', found);
      const differs = contentDifference(content, found, path);
      if (differs !== undefined) requireFolder(path, seen.ground, world);
      if (differs !== undefined) return [differs];
      if (found?.mode === mode) return [];
      return [{ kind: 'update', property: `${path} mode`, before: found?.mode ?? null, after: mode }];
    });
    const units = [`${name}.service`, `${name}.timer`];
    const stale = written.length === 0 && units.some((one) => willBeStale(one, seen.stale, world));
    return [
      ...written,
      ...(stale
        ? [{ kind: 'update', property: 'in force', before: 'another', after: 'this one' } as const]
        : []),
      ...(seen.enabled
        ? []
        : [{ kind: 'update', property: 'enabled', before: 'disabled', after: 'enabled' } as const]),
      ...(seen.active
        ? []
        : [{ kind: 'start', property: 'state', before: 'stopped', after: 'running' } as const]),
    ];
  },
  foresee({ files }, _observed, changes, world) {
    if (changes.length > 0) foreseeReload(world);
    for (const [path, content, mode] of files) {
      world.path(path).willBe({ type: 'file', mode, sha256: sha256(content), text: content });
    }
  },
  apply({ name, persistent, files }, changes) {
    const isDue = (property: string) => changes.some((change) => change.property === property);
    const written = files.filter(([path]) => isDue(path) || isDue(`${path} mode`));
    const restarts = isDue('state') || isDue(unitPath(`${name}.timer`));
    // What it has missed by the new time would run at once otherwise.
    const upToNow = sh`mkdir -p /var/lib/systemd/timers && touch ${`/var/lib/systemd/timers/stamp-${name}.timer`}`;
    return joinSh([
      ...written.map(
        ([path, content, mode]) => sh`printf %s ${content} | q_write ${path} ${mode} '' '' || exit`,
      ),
      sh`systemctl daemon-reload && systemctl enable --quiet ${`${name}.timer`} || exit`,
      ...(restarts && persistent ? [upToNow] : []),
      ...(restarts ? [sh`systemctl restart ${`${name}.timer`}`] : []),
    ]);
  },
});

function userOf(user: string | undefined) {
  return user === undefined ? {} : { owner: user };
}

/** One argument in a unit (systemd.service(5), COMMAND LINES): `%` and `$` stand for themselves when doubled. */
function quoted(text: string): string {
  const escaped = text
    .replace(/[\\"]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replace(/[%$]/g, '$&$&');
  return `"${escaped}"`;
}

function noName(name: string): QuorateError {
  return new QuorateError(`${JSON.stringify(name)} is not the name of a timer`, {
    exitCode: EXIT.usage,
    hint: `name it without an ending: '${/^[\w:-]+/.exec(name)?.[0] ?? 'site-backup'}'`,
  });
}

function noTime(name: string, calendar: string): QuorateError {
  return new QuorateError(`cannot set the timer ${name}: systemd does not understand "${calendar}"`, {
    exitCode: EXIT.failed,
    hint: 'systemd-analyze calendar explains a time; daily, hourly, Mon 03:00 are some',
  });
}
