import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { describePackage } from '../../../../lib/cli/quorate/package-json.ts';
import { makerOf } from '../../../../lib/cli/start/maker.ts';
import { scratch } from '../../support/scratch.ts';

describe('who makes what a playbook makes', () => {
  let dir: string;
  const at = (name: string) => join(dir, name);
  const has = (name: string, text = '') => {
    mkdirSync(join(at(name), '..'), { recursive: true });
    writeFileSync(at(name), text);
    return at(name);
  };
  beforeEach(() => {
    dir = scratch();
    has('shop/package.json', '{"name": "shop"}');
  });
  const site = () => makerOf(has('shop/playbooks/site.ts'));

  it('is the project that package.json names, and the playbook in it, wherever its folder lies', () => {
    has('shop/playbooks/package.json', '{"type": "module"}');
    expect(site().by).toBe('shop playbooks/site');
    renameSync(at('shop'), at('checkout-17'));
    expect(makerOf(at('checkout-17/playbooks/site.ts')).by).toBe('shop playbooks/site');
  });

  it('is still the same where the playbook moved into a folder of its own name', () => {
    expect(makerOf(has('shop/playbooks/site/site.ts')).isOurs('shop playbooks/site')).toBe(true);
  });

  it('is not what a package.json above the repository names', () => {
    has('package.json', '{"name": "stray"}');
    has('Our Web (2)/.git/HEAD');
    expect(makerOf(has('Our Web (2)/site.ts')).by).toBe('our-web--2- site');
  });

  it('is no other one once the project is set up: its package.json has the name of the folder', () => {
    has('Our Web/.git/HEAD');
    const before = makerOf(has('Our Web/site.mts')).by;
    has('Our Web/package.json', describePackage(at('Our Web')).text);
    expect(makerOf(at('Our Web/site.mts')).by).toBe(before);
  });

  it('is another one in another project, and by another path in the same', () => {
    has('platform/package.json', '{"name": "@acme/platform"}');
    has('shop/site.ts');
    const others = ['platform/playbooks/site.ts', 'shop/site.ts'].map((name) => makerOf(at(name)).by);
    expect(others).toEqual(['@acme/platform playbooks/site', 'shop site']);
    expect(others.map((by) => site().isOurs(by))).toEqual([false, false]);
    // A play with an id is the same one in any playbook of its project.
    expect(others.map((by) => site().isOfProject(by))).toEqual([false, true]);
  });

  it('is still the same where the playbook was moved, or package.json says what the project was called', () => {
    const before = 'shop site';
    expect(site().isOurs(before)).toBe(true);
    has('shop/package.json', '{"name": "store"}');
    expect(site().isOurs(before)).toBe(false);
    has('shop/package.json', '{"name": "store", "quorate": {"project": "shop"}}');
    expect(site().isOurs(before)).toBe(true);
  });

  it('is one with what the playbook was compiled to', () => {
    const compiled = makerOf(has('shop/dist/playbooks/site.js'));
    expect(compiled.isOurs('shop playbooks/site')).toBe(true);
    expect([site(), makerOf(at('shop/dist/playbooks/site.js'))].map(({ by }) => by)).toEqual([
      'shop playbooks/site',
      'shop playbooks/site',
    ]);
    // By a machine that had nothing but what was compiled.
    expect(site().isOurs('shop dist/playbooks/site')).toBe(true);
    expect(makerOf(has('shop/build/playbooks/site.ts')).isOurs('shop playbooks/site')).toBe(false);
    expect(site().isOurs('shop build/playbooks/site')).toBe(false);
    has('shop/src/web.ts');
    expect(makerOf(has('shop/out/web.js')).by).toBe('shop src/web');
  });

  it('is for what it makes from one inventory, and those of which that is a part', () => {
    const inventory = (...names: string[]) => site().on?.(names.map(at)) ?? expect.fail();
    for (const name of ['staging.yaml', 'envs/prod/hosts.ini']) has(`shop/${name}`);
    has('elsewhere/hosts');
    const prod = inventory('shop/envs/prod');
    expect(prod.names).toEqual(['envs/prod']);
    expect(inventory('elsewhere/hosts', 'shop/staging.yaml').names).toEqual([
      at('elsewhere/hosts'),
      'staging.yaml',
    ]);
    expect([['envs/prod'], ['envs/prod/hosts.ini'], ['envs/prod', 'staging.yaml']].map(prod.has)).toEqual([
      true,
      true,
      false,
    ]);
    const others = [['staging.yaml'], ['gone.yaml'], ['gone.yaml', 'staging.yaml'], [at('elsewhere/hosts')]];
    expect(others.map(prod.isThere)).toEqual([true, false, true, true]);
    expect(site().on?.(['a,b', '/dev/stdin'])).toMatchObject({ names: ['a list of hosts'] });
    expect(prod.isThere(['a list of hosts'])).toBe(false);
    symlinkSync('staging.yaml', at('shop/current'));
    expect(inventory('shop/current').names).toEqual(['staging.yaml']);
  });

  it('is the folder of a project that has no name, so that two of them are two', () => {
    has('shop/package.json', '{"name": 7}');
    expect(site().by).toBe('shop playbooks/site');
    has('our web/.git/HEAD');
    expect(makerOf(has('our web/playbooks/site.ts')).by).toBe('our-web playbooks/site');
    expect(makerOf(has('alone/site.ts')).by).toBe('alone site');
  });
});
