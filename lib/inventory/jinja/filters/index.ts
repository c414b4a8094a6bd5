import type { Plugin } from '../plugin.ts';
import { COLLECTION_FILTERS } from './collections.ts';
import { DATA_FILTERS } from './data.ts';
import { LAYOUT_FILTERS } from './layout.ts';
import { PAIRING_FILTERS } from './pairs.ts';
import { PATH_FILTERS } from './paths.ts';
import { TEXT_FILTERS } from './texts.ts';

/** The filters of Jinja and Ansible that need nothing but their arguments: no files, no programs, no clock. */
export const FILTERS: ReadonlyMap<string, Plugin> = new Map([
  ...TEXT_FILTERS,
  ...LAYOUT_FILTERS,
  ...PATH_FILTERS,
  ...COLLECTION_FILTERS,
  ...PAIRING_FILTERS,
  ...DATA_FILTERS,
]);
