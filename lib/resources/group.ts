import { alone } from '../dsl/alone.ts';
import { defineResource } from '../dsl/resource.ts';
import { type Sh, sh } from '../dsl/sh.ts';

export interface GroupDesired {
  readonly name: string;
}

/** A system group. Services on one host may share it, and be set up at the same time: the second one finds it. */
export const group = defineResource<GroupDesired, boolean>({
  kind: 'group',
  name: (desired) => desired.name,
  title: (desired) => `group ${desired.name} exists`,
  probe: ({ name }) => groupExists(name),
  parse: (reading) => reading.code === 0,
  diff: ({ name }, exists) =>
    exists ? [] : [{ kind: 'create', property: 'name', before: null, after: name }],
  apply: ({ name }) =>
    sh`${alone}
if ${groupExists(name)}; then :
elif command -v groupadd >/dev/null; then groupadd --system ${name}; else addgroup -S ${name}; fi`,
});

function groupExists(name: string): Sh {
  return sh`{ getent group ${name} >/dev/null 2>&1 || grep -q ${`^${name}:`} /etc/group; }`;
}
