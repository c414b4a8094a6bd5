import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { EXIT, QuorateError } from '../../../../lib/errors.ts';
import { Templates } from '../../../../lib/inventory/variables/template.ts';
import { Float, Long } from '../../../../lib/inventory/variables/value.ts';
import { home } from '../../../../lib/whoami.ts';
import { type Vars, variable, world } from './world.ts';

/** Templates with what ansible-core 2.19.14 (jinja2 3.1.6) makes of them for h1; without a value it is an error there, too. */
const CASES: readonly (readonly [template: string, ...value: unknown[]])[] = JSON.parse(
  readFileSync(new URL('cases.json', import.meta.url), 'utf8'),
);

const ALL: Vars = {
  n: 5,
  f: 1.5,
  f1: 1.25,
  t: true,
  s: 'text',
  nul: null,
  fl: new Float(1),
  big: new Long(9007199254740993n),
  l: [1, 'two', true, null, 2.5],
  m: { b: 1, a: 'two', c: { d: '{{ s }}' } },
  und: '{{ nope }}',
  partial: { ok: '{{ s }}', bad: '{{ nope }}' },
  plist: ['{{ s }}', '{{ nope }}'],
  trap: "{{ '{{ s }}' }}",
  cyc1: '{{ cyc2 }}',
  cyc2: '{{ cyc1 }}',
  multi: 'line1\n{% if t %}\nx\n{% endif %}\nend\n',
};

const made = world(
  {
    h1: { ...ALL, ansible_host: '10.0.0.1' },
    h2: { ...ALL, ansible_host: '10.0.0.2', own: '{{ inventory_hostname }}!' },
  },
  {
    groups: new Map([
      ['all', ['h1', 'h2']],
      ['ungrouped', []],
      ['etcd', ['h2', 'h1']],
    ]),
    groupsOf: () => ['all', 'etcd'],
  },
);

beforeAll(() => {
  vi.stubEnv('CASE_X', 'one');
  vi.stubEnv('CASE_Y', undefined);
});

afterAll(() => {
  vi.unstubAllEnvs();
});

describe('a template is evaluated as Ansible does it', () => {
  const templates = new Templates(made);

  it.each(CASES.filter((one) => one.length === 2))('%j', async (template, ...[value]) => {
    expect(await templates.evaluate('h1', variable('value', String(template)))).toEqual(value);
  });

  it('the home of a user is the one here', async () => {
    expect(await templates.evaluate('h1', variable('value', "{{ '~/x' | expanduser }}"))).toBe(`${home()}/x`);
  });

  it.each(CASES.filter((one) => one.length === 1))('%j is refused', async (template) => {
    const error = await templates
      .evaluate('h1', variable('value', String(template)))
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(QuorateError);
    expect(error).toMatchObject({ exitCode: EXIT.usage, position: { file: 'hosts.yaml' } });
  });
});
