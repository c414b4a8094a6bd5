import { expect, it } from 'vitest';
import * as all from '../../../lib/resources/index.ts';
import { resourcesPage } from '../docs/resources.ts';

it('the index has every resource that the reference has', () => {
  const named = [...resourcesPage().matchAll(/^## (\w+)$/gm)].map(([, name = '']) => name);
  expect(named.filter((name) => !(name in all))).toEqual([]);
});
