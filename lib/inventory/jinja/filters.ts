import { COLLECTION_FILTERS } from './collection-filters.ts';
import { DATA_FILTERS } from './data-filters.ts';
import { LAYOUT_FILTERS } from './layout-filters.ts';
import { PAIRING_FILTERS } from './pairing-filters.ts';
import { PATH_FILTERS } from './path-filters.ts';
import type { Plugin } from './plugin.ts';
import { TEXT_FILTERS } from './text-filters.ts';

/** The filters of Jinja and Ansible that need nothing but their arguments: no files, no programs, no clock. */
export const FILTERS: ReadonlyMap<string, Plugin> = new Map([
  ...TEXT_FILTERS,
  ...LAYOUT_FILTERS,
  ...PATH_FILTERS,
  ...COLLECTION_FILTERS,
  ...PAIRING_FILTERS,
  ...DATA_FILTERS,
]);
