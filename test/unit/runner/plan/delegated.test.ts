import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { plainPlay } from '../../../../lib/dsl/plain-play.ts';
import type { Play } from '../../../../lib/dsl/play.ts';
import { role } from '../../../../lib/dsl/role.ts';
import { file } from '../../../../lib/resources/file.ts';
import { takeAway } from '../../../../lib/resources/left-over/index.ts';
import { startRun } from '../../../../lib/runner/run.ts';
import { recorder } from '../../support/recorder.ts';
import { WHOLE_RUN } from '../../support/run-options.ts';
import { scratch } from '../../support/scratch.ts';
import { shellHost } from '../../support/shell-host.ts';

describe('what a host made itself, and another one now makes there', () => {
  let dir: string;
  beforeEach(() => {
    dir = join(scratch(), 'host');
    mkdirSync(dir);
  });
  const pool = () => join(dir, 'pool.conf');

  interface Given {
    /** What each host wants, by a play of its own each. */
    readonly wants: Readonly<Record<string, (kernel: string) => ReturnType<typeof file>[]>>;
    /** `--limit` */
    readonly limit?: string;
    readonly prune?: boolean;
  }

  async function run({ wants, limit, prune = false }: Given) {
    const sink = recorder();
    const hosts = Object.keys(wants).map((name) => ({
      name,
      groups: ['all'],
      vars: { ansible_connection: 'local', inventory_dir: dir },
      connect: async () => shellHost(undefined, name),
    }));
    const select = (pattern: string) => hosts.filter(({ name }) => name === pattern);
    const maker = { by: 'shop site', isOurs: () => true, isOfProject: () => true };
    const plays = Object.entries(wants).map(([hosts, tasks], position) => {
      const tasksOf = ({ facts }: { facts: { kernel: string } }) => tasks(facts.kernel);
      const roles = [role({ name: hosts, description: '', facts: ['kernel'], tasks: tasksOf })];
      return plainPlay({ hosts, roles }, 'site', { position, maker }) as Play;
    });
    const code = await startRun(
      { name: 'site', description: '', plays },
      {
        ...WHOLE_RUN,
        select,
        reach: async (name) => select(name)[0] ?? expect.fail(name),
        limit: ({ name }) => limit === undefined || name === limit,
        prune,
        takeAway: async () => takeAway,
        sink,
      },
    ).done;
    const left = sink.events.flatMap((one) => (one.event === 'left-over' ? [one.name] : []));
    return { code, left, isThere: existsSync(pool()) };
  }

  const config = (words = {}) => [file(pool(), { content: 'pool\n', ...words })];
  const stays = { code: 0, left: [], isThere: true };

  it.each(['lb', undefined])('stays, also where that one is left out (-l %s)', async (limit) => {
    await run({ wants: { lb: () => config(), web: () => [] } });
    const wants = { lb: () => [], web: () => config({ delegateTo: 'lb' }) };
    expect(await run({ wants, ...(limit && { limit }) })).toEqual(stays);
    expect(await run({ wants, prune: true, ...(limit && { limit }) })).toEqual(stays);
    expect(await run({ wants: { ...wants, web: () => [] }, prune: true })).toMatchObject({ isThere: false });
  });

  it('stays where only facts that the run has read say that it is wanted', async () => {
    await run({ wants: { lb: () => config(), web: () => [] } });
    const unusual = (kernel: string) => (kernel === '6.1.0' ? [] : config({ delegateTo: 'lb' }));
    expect(await run({ wants: { web: unusual, lb: () => [] }, prune: true })).toEqual(stays);
  });

  it('goes once nobody wants it, also where another one cannot be built without its facts', async () => {
    await run({ wants: { lb: () => config(), web: () => [] } });
    const fails = () => {
      throw new Error('not without its facts');
    };
    const wants = { lb: () => [], web: fails };
    expect(await run({ wants, limit: 'lb', prune: true })).toMatchObject({ code: 0, isThere: false });
  });
});
