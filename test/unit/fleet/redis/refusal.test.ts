import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Job, Order } from '../../../../lib/fleet/order.ts';
import { pinned } from '../../../../lib/fleet/redis/pin.ts';
import { refusalOf } from '../../../../lib/fleet/redis/refusal.ts';
import { scratch } from '../../support/scratch.ts';

const home = process.cwd();
let folder = '';
let order: Order;
let job: Job;

beforeEach(async () => {
  folder = scratch();
  process.chdir(folder);
  writeFileSync('site.ts', '');
  writeFileSync('package.json', '{"name": "web"}');
  writeFileSync('c1.yaml', 'all: {hosts: {a: {}}}');
  const given: Order = {
    run: 'R',
    playbook: { file: 'site.ts' },
    name: 'site',
    project: 'web',
    words: [],
    check: false,
    yes: false,
    waves: ['100%'],
    errors: 0,
    ...{ attempts: 3, backoff: 1, patience: 1, who: 'lena', from: 'laptop' },
  };
  const made = await pinned(given, ['c1.yaml'], 1);
  order = made.order;
  job = made.jobs[0] as Job;
});
afterEach(() => process.chdir(home));

describe('a worker', () => {
  it('takes a job whose code and inventory it has', async () => {
    expect(await refusalOf(order, job)).toBeUndefined();
  });

  it('refuses one that does not say what it means', async () => {
    const { code: _, ...bare } = order;
    const { digest: __, ...loose } = job;
    for (const said of [await refusalOf(bare, job), await refusalOf(order, loose)])
      expect(said).toBe('takes no job that does not say which code it means');
  });

  it.each([
    ['{"name": "shop"}', 'is of project shop, not web'],
    ['{}', 'is of project without a name, not web'],
  ])('of another project refuses: %s', async (text, said) => {
    writeFileSync(join(folder, 'package.json'), text);
    expect(await refusalOf(order, job)).toBe(said);
  });

  it('refuses what it cannot compare, and uses up no attempt by that', async () => {
    chmodSync('c1.yaml', 0o755);
    writeFileSync('c1.yaml', '#!/bin/sh\n');
    expect(await refusalOf(order, job)).toMatch(/^cannot compare what is meant: c1\.yaml is a program/);
  });
});
