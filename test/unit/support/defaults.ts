import { ETCD_VARS } from '../../../lib/etcd/model/vars.ts';

/** The variables of a host whose inventory says nothing. */
export const DEFAULTS: Readonly<Record<string, unknown>> = Object.fromEntries(
  Object.entries(ETCD_VARS).flatMap(([name, schema]) =>
    'default' in schema ? [[name, schema.default]] : [],
  ),
);
