import { COLLECTION_FILTERS } from './collection-filters.ts';
import { DATA_FILTERS } from './data-filters.ts';
import type { Plugin } from './plugin.ts';
import { TEXT_FILTERS } from './text-filters.ts';

/** The filters of Jinja and Ansible that need nothing but their arguments: no files, no programs, no clock. */
export const FILTERS: ReadonlyMap<string, Plugin> = new Map([
  ...TEXT_FILTERS,
  ...COLLECTION_FILTERS,
  ...DATA_FILTERS,
]);
