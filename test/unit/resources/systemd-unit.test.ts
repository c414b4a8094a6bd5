import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../lib/dsl/path.ts';
import { Secret } from '../../../lib/dsl/secret.ts';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import { service } from '../../../lib/resources/service/index.ts';
import { systemdUnit } from '../../../lib/resources/systemd-unit.ts';

const CONTENT = '[Service]\nExecStart=/bin/true\n';
const unit = systemdUnit('site.service', { content: CONTENT });

function plan(content: string | undefined, { mode = '644', stale = 'no' } = {}) {
  const stat = `stat regular file|${mode}|root|root|9|0|0|/x\n`;
  const is =
    content === CONTENT
      ? `sha256 ${sha256(CONTENT)}`
      : `text\n${Buffer.from(content ?? '').toString('base64')}`;
  const out = `${content === undefined ? '' : `${stat}${is}`}\n${MARK}\nNeedDaemonReload=${stale}`;
  return unit.diff({ code: 0, out }, new World()).map(({ kind, property }) => `${kind} ${property}`);
}

describe('a unit of systemd', () => {
  it.each<[string, ReturnType<typeof plan>, string[]]>([
    ['that is in force', plan(CONTENT), []],
    ['that is missing', plan(undefined), ['create content']],
    ['that was edited', plan('other'), ['update content']],
    ['that systemd has not read', plan(CONTENT, { stale: 'yes' }), ['update in force']],
    ['that others may write', plan(CONTENT, { mode: '666' }), ['update mode']],
  ])('%s', (_name, found, differences) => {
    expect(found).toEqual(differences);
  });

  it('that has a secret is of root alone', () => {
    const token = new Secret('a-long-word-of-units');
    const content = `[Service]\nEnvironment=TOKEN=${token.reveal()}\n`;
    const task = systemdUnit('site.service.d/token.conf', { content });
    const out = `stat regular file|644|root|root|9|0|0|/x\nsha256 ${sha256(content)}\n${MARK}\nNeedDaemonReload=no`;
    const changes = task.diff({ code: 0, out }, new World());
    expect(changes).toMatchObject([{ property: 'mode', after: '0600' }]);
    expect(task.apply(changes, {}).text).toContain('0600');
  });

  it('that an earlier task places may be started', () => {
    const world = new World();
    const content = `${CONTENT}[Install]\nWantedBy=multi-user.target\n`;
    systemdUnit('site.service', { content }).diff(
      { code: 0, out: `\n${MARK}\nNeedDaemonReload=no\n` },
      world,
    );
    const out = 'LoadState=not-found\nActiveState=inactive\nUnitFileState=\nInvocationID=';
    const changes = service('site').diff({ code: 0, out }, world);
    expect(changes.map(({ kind, certainty }) => [kind, certainty])).toEqual([
      ['update', 'certain'],
      ['start', 'certain'],
    ]);
  });

  it('that is a template which an earlier task places may be started by the name of an instance', () => {
    const world = new World();
    const template = systemdUnit('app@.service', { content: CONTENT });
    template.diff({ code: 0, out: `\n${MARK}\nVersion=252\n` }, world);
    const out = 'LoadState=not-found\nActiveState=inactive\nUnitFileState=\nInvocationID=';
    const start = (name: string, from = world) => service(name).diff({ code: 0, out }, from);
    expect(start('app@one.two').map(({ certainty }) => certainty)).toEqual(['certain', 'certain']);
    expect(() => start('other@one')).toThrow(/systemd knows no other@one.service$/);
  });

  it.each(['site', 'a/b.service', '../x.service', 'x.service.d/y', ''])('%j is not a name', (name) => {
    expect(() => systemdUnit(name, { content: '' })).toThrow(expect.objectContaining({ exitCode: 1 }));
  });
  it('that is a template is asked about by its instances', () => {
    const { probe } = systemdUnit('app@.service', { content: CONTENT });
    expect(probe?.text).toContain("systemctl show -p NeedDaemonReload 'app@*.service'");
    const found = `stat regular file|644|root|root|9|0|0|/x\nsha256 ${sha256(CONTENT)}\n${MARK}\nVersion=252\n`;
    const due = (more: string) =>
      systemdUnit('app@.service', { content: CONTENT })
        .diff({ code: 0, out: `${found}${more}` }, new World())
        .map(({ property }) => property);
    expect([due(''), due('NeedDaemonReload=no\n\nNeedDaemonReload=yes\n')]).toEqual([[], ['in force']]);
  });

  it.each(['a@b.service', 'x.timer', 'nginx.service.d/ours.conf'])('%j is a name', (name) => {
    expect(systemdUnit(name, { content: '' }).owns).toEqual([`/etc/systemd/system/${name}`]);
  });
});
