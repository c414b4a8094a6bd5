import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fleetName } from '../../../lib/fleet/project.ts';
import { scratch } from '../support/scratch.ts';

const before = process.env.QUORATE_FLEET;
beforeEach(() => {
  delete process.env.QUORATE_FLEET;
});
afterEach(() => {
  if (before === undefined) delete process.env.QUORATE_FLEET;
  else process.env.QUORATE_FLEET = before;
});

describe('the name of a fleet', () => {
  it.each([
    [undefined, undefined, '{"name": "@acme/web"}', '@acme/web'],
    [undefined, 'north', '{"name": "web"}', 'north'],
    ['south', 'north', '{"name": "web"}', 'south'],
    [undefined, '', '{"name": "web"}', 'web'],
    [undefined, undefined, '{}', 'default'],
    [undefined, undefined, '{', 'default'],
    [undefined, undefined, undefined, 'default'],
  ])('--fleet %s, QUORATE_FLEET=%s, package.json %s: %s', (flag, variable, file, name) => {
    const folder = scratch();
    if (file !== undefined) writeFileSync(join(folder, 'package.json'), file);
    if (variable !== undefined) process.env.QUORATE_FLEET = variable;
    expect(fleetName({ own: flag === undefined ? {} : { fleet: flag } }, folder)).toBe(name);
  });

  it.each(['a b', 'a}b', 'a:b'])('is not %s', (fleet) => {
    expect(() => fleetName({ own: { fleet } }, scratch())).toThrow('is not a name for a fleet');
  });
});
