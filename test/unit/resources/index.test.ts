import { expect, it } from 'vitest';
import { block } from '../../../lib/dsl/block.ts';
import * as resources from '../../../lib/resources/index.ts';
import { resourcesPage } from '../docs/resources.ts';

// A block holds tasks, and makes nothing by itself.
const all = { ...resources, block };

it('the index has every resource that the reference has', () => {
  const [page = ''] = resourcesPage().split(/^# What else /m);
  const named = [...page.matchAll(/^## (\w+)$/gm)].map(([, name = '']) => name);
  expect(named.filter((name) => !(name in all))).toEqual([]);
});
