import { isPlainObject } from '../../../../lib/dsl/common/plain-object.ts';
import type { TemplateWorld } from '../../../../lib/inventory/jinja/templar.ts';
import { Templates } from '../../../../lib/inventory/variables/template.ts';
import type { Raw, Variable } from '../../../../lib/inventory/variables/value.ts';

export type Vars = Readonly<Record<string, Sample>>;

/** A value as it is written, with plain objects for mappings. */
type Sample = Raw | readonly Sample[] | { readonly [key: string]: Sample };

function rawOf(sample: Sample): Raw {
  if (Array.isArray(sample)) return sample.map(rawOf);
  if (!isPlainObject(sample)) return sample as Raw;
  return new Map(Object.entries(sample).map(([key, one]) => [key, rawOf(one as Sample)]));
}

export function variable(name: string, value: Sample, line = 1): Variable {
  return { name, value: rawOf(value), position: { file: 'hosts.yaml', line, column: 5 }, folder: undefined };
}

/** A world of hosts with these variables; the line of a variable is its place among those of its host. */
export function world(
  hosts: Readonly<Record<string, Vars>>,
  more: Partial<TemplateWorld> = {},
): TemplateWorld {
  const names = Object.keys(hosts);
  const variables = new Map(
    Object.entries(hosts).map(([host, vars]) => [
      host,
      new Map(Object.entries(vars).map(([name, value], i) => [name, variable(name, value, i + 1)])),
    ]),
  );
  return {
    hosts: names,
    groups: new Map([['all', names]]),
    variablesOf: (host) => variables.get(host) ?? new Map(),
    groupsOf: () => ['all'],
    fileOf: () => '/srv/inventory/hosts.yaml',
    playbookFolder: '/srv',
    openVault: () => Promise.reject(new Error('no vault is opened here')),
    ...more,
  };
}

/** The value of one variable of the first host. */
export function evaluate(
  vars: Vars,
  name = 'value',
  others: Readonly<Record<string, Vars>> = {},
): Promise<unknown> {
  const made = world({ h1: vars, ...others });
  return new Templates(made).evaluate('h1', made.variablesOf('h1').get(name) as Variable);
}
