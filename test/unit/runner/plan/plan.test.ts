import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sh } from '../../../../lib/dsl/shell/sh.ts';
import { World } from '../../../../lib/dsl/world/world.ts';
import { command } from '../../../../lib/resources/command.ts';
import { Wire } from '../../../../lib/runner/exchange/wire.ts';
import { planTasks } from '../../../../lib/runner/plan/plan.ts';
import { recorder } from '../../support/recorder.ts';
import { scratch } from '../../support/scratch.ts';
import { shellHost } from '../../support/shell-host.ts';

it('leaves out what was another host’s to do when it was read, also where it falls to this one meanwhile', async () => {
  const dir = scratch();
  const site = {
    wire: new Wire(shellHost(['sh'], 'b'), dir, recorder()),
    world: new World(),
    actor: undefined,
  };
  const others = ['a'];
  const [once] = await planTasks(
    [{ role: 'role', task: command('once', { run: sh`:`, creates: join(dir, 'never'), runOnce: true }) }],
    { siteOf: () => site, elsewhere: () => others.shift(), keepsReadings: false },
  );
  expect(once).toMatchObject({ skipped: 'runOnce: a does it', changes: [] });
});
