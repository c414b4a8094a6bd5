import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../lib/dsl/path.ts';
import { PRELUDE } from '../../../lib/dsl/shell/prelude.ts';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import { timer } from '../../../lib/resources/timer.ts';
import { scratch } from '../support/scratch.ts';
import { SHELLS } from '../support/shells.ts';

const task = timer('backup', { calendar: 'daily', run: sh`date +%F >"$HOME/x"; echo ${"it's"}` });
const [service = '', when = ''] = (task.wish as { files: [string, string][] }).files.map(
  ([, content]) => content,
);

function plan(
  files: readonly (string | undefined)[],
  manager = 'ActiveState=active\nUnitFileState=enabled',
  mode = '644',
) {
  const parts = files.map((content) => {
    if (content === undefined) return '';
    return `stat regular file|${mode}|root|root|9|0|0|/x\nsha256 ${sha256(content)}`;
  });
  const out = [...parts, `NeedDaemonReload=no\n${manager}`].join(`\n${MARK}\n`);
  return task.diff({ code: 0, out }, new World()).map(({ kind, property }) => `${kind} ${property}`);
}

describe('a timer', () => {
  it('hands its command to the shell as it was written', () => {
    expect(service).toContain(String.raw`ExecStart=/bin/sh -c "date +%%F >\"$$HOME/x\"; echo 'it'\\''s'"`);
    expect(when).toContain('OnCalendar=daily\n[Install]');
  });

  const [SERVICE, TIMER] = ['service', 'timer'].map((one) => `/etc/systemd/system/backup.${one}`);
  it.each<[string, string[], string[]]>([
    ['that is set', plan([service, when]), []],
    [
      'that is new',
      plan([undefined, undefined], 'ActiveState=inactive\nUnitFileState='),
      [`create ${SERVICE}`, `create ${TIMER}`, 'update enabled', 'start state'],
    ],
    ['whose command was edited', plan(['x', when]), [`update ${SERVICE}`]],
    ['whose time was edited', plan([service, 'x']), [`update ${TIMER}`]],
    [
      'whose units others may write',
      plan([service, when], undefined, '666'),
      [`update ${SERVICE} mode`, `update ${TIMER} mode`],
    ],
    [
      'that systemd has not read',
      plan([service, when], 'NeedDaemonReload=yes\nActiveState=active\nUnitFileState=enabled'),
      ['update in force'],
    ],
    [
      'that was stopped',
      plan([service, when], 'ActiveState=inactive\nUnitFileState=disabled'),
      ['update enabled', 'start state'],
    ],
  ])('%s', (_name, found, differences) => {
    expect(found).toEqual(differences);
  });

  it('runs as a user who is there, or is made by an earlier task', () => {
    const task = timer('x', { calendar: 'daily', run: sh`true`, user: 'web' });
    const out = (account: string) =>
      ['', '', account, 'NeedDaemonReload=no\nActiveState=active\nUnitFileState=enabled'].join(`\n${MARK}\n`);
    const due = (account: string, world = new World()) =>
      task.diff({ code: 0, out: out(account) }, world).length;
    expect(() => due('')).toThrow(/to user web: there is none of this name$/);
    const world = new World();
    world.user('web').willBe({});
    expect([due('passwd web 1:1::/:/bin/sh'), due('', world)]).toEqual([2, 2]);
  });

  it('is refused in a check where systemd does not understand when', () => {
    expect(() => plan([undefined, undefined], 'wrong')).toThrow(/does not understand "daily"$/);
  });

  it.each(
    SHELLS.filter(([, path]) => path !== '/usr/bin/nsenter').flatMap(([name, ...shell]) =>
      [
        ['systemd understands it', 'exit 0', false],
        ['systemd does not understand it', '[ "$2" = daily ]', true],
        ['systemd-analyze cannot tell', 'exit 1', false],
      ].map(([what, answer, wrong]) => [`${what} (${name})`, answer, wrong, shell] as const),
    ),
  )('is asked about on the host: %s', (_name, answer, wrong, shell) => {
    const bin = scratch();
    const program = (name: string, text: string) =>
      writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    program('systemctl', 'echo NeedDaemonReload=no');
    program('systemd-analyze', `${answer}`);
    const { probe } = timer('x', { calendar: 'Mon 25:00', run: sh`true` });
    const [file = 'sh', ...args] = shell;
    const { stdout } = spawnSync(file, [...args, '-c', `${PRELUDE}PATH=${bin}:$PATH\n${probe?.text}`], {
      encoding: 'utf8',
    });
    expect(/^wrong$/m.test(stdout)).toBe(wrong);
  });

  it.each([
    ['a b', 'daily'],
    ['a/b', 'daily'],
    ['a.timer', 'daily'],
    ['a.service', 'daily'],
    ['a@', 'daily'],
    ['@a', 'daily'],
    ['a', ''],
    ['a', 'daily\nx'],
  ])('%j at %j is refused before any contact', (name, calendar) => {
    expect(() => timer(name, { calendar, run: sh`:` })).toThrow(expect.objectContaining({ exitCode: 1 }));
  });
});

it('is an error where no systemd runs, in a check too', () => {
  const said = "System has not been booted with systemd as init system (PID 1). Can't operate.\n";
  expect(() =>
    timer('x', { calendar: 'daily', run: sh`true` }).diff(
      { code: 0, out: `\n${MARK}\n\n${MARK}\n${said}` },
      new World(),
    ),
  ).toThrow(/^cannot look at x\.timer: systemd does not answer on this host: System has not been booted/);
});
