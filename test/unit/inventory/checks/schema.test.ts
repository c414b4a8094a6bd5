import { describe, expect, it } from 'vitest';
import { asOneRun } from '../../../../lib/dsl/common/per-run.ts';
import { keepMasked, redact, usualMode } from '../../../../lib/dsl/secret.ts';
import { ETCD_VARS } from '../../../../lib/etcd/model/vars.ts';
import { schemaProblems } from '../../../../lib/inventory/checks/schema.ts';
import { readAll, refusal, write } from '../support.ts';

describe('the schema of a variable', () => {
  it.each<[object, string]>([
    [{ type: 'integer', default: 'x' }, 'its default "x" does not fit its own schema: it must be integer'],
    [
      { type: 'integer', minimum: 5, default: 1 },
      'its default 1 does not fit its own schema: it must be >= 5',
    ],
    [{ tpye: 'string' }, 'its schema has the unknown word tpye / did you mean type?'],
    [{ type: 'string', minLenght: 1 }, 'its schema has the unknown word minLenght / did you mean minLength?'],
    [{ type: 'string', secert: true }, 'its schema has the unknown word secert / did you mean secret?'],
    [
      { type: 'array', items: { tpye: 'string' } },
      'its schema for items has the unknown word tpye / did you mean type?',
    ],
    [{ type: 'sting' }, 'its type "sting" is none / did you mean string?'],
    [{ type: 'string', pattern: '(' }, 'its schema is not understood: Invalid regular expression'],
    [
      { type: 'string', minimum: 1 },
      'its schema is not understood: missing type "number" for keyword "minimum"',
    ],
    [{ type: 'integer', minimum: '1' }, 'its schema is not understood: minimum value must be ["number"]'],
    [{ type: 'string', format: 'pth' }, 'its format pth is unknown / did you mean path?'],
    [
      { type: 'array', items: { type: 'string', format: 'ipv4' } },
      'its format ipv4 for items is unknown / there are path and version; a pattern says the rest',
    ],
    [
      { type: 'integer', default: 'hunter2', secret: true },
      'its default ******** does not fit its own schema: it must be integer',
    ],
    [
      { type: 'object', properties: { port: { type: 'integer', default: '80' } } },
      'its default "80" for port does not fit its own schema: it must be integer',
    ],
    [
      { type: 'array', items: { type: 'object', properties: { port: { type: 'integer', default: '80' } } } },
      'its default "80" for port does not fit its own schema: it must be integer',
    ],
    [
      { type: 'object', additionalProperties: { type: 'integer', default: '80' } },
      'its default "80" for additionalProperties does not fit its own schema: it must be integer',
    ],
    [
      {
        definitions: { port: { type: 'integer' } },
        properties: { p: { $ref: '#/definitions/port', default: 'x' } },
      },
      'its default "x" for p does not fit its own schema: it must be integer',
    ],
    [
      { properties: { 'a/b~c d%': { type: 'integer', default: '80' } } },
      'its default "80" for a/b~c d% does not fit its own schema: it must be integer',
    ],
    [
      { type: 'object', properties: { password: { type: 'string', minLength: 9, default: 'hunter2' } } },
      'its default ******** for password does not fit its own schema: it must NOT have fewer than 9 characters',
    ],
    [
      { properties: { passwords: { items: { type: 'integer', default: 'hunter2' } } } },
      'its default ******** for items does not fit its own schema: it must be integer',
    ],
  ])('%j is refused', async (schema, wanted) => {
    const told = await schemaProblems({ x: schema as never });
    expect(told).toHaveLength(1);
    expect(`${told[0]?.message} / ${told[0]?.hint}`).toContain(wanted);
  });

  it.each<object>([
    { type: 'array', items: { pattern: '^a' } },
    { type: 'object', properties: { port: { minimum: 1 } } },
    { type: 'array', items: [{ type: 'string' }, { type: 'integer' }] },
    { type: 'string', 'x-note': 'for the form' },
    { type: ['string', 'null'], default: null, description: 'x' },
    { enum: ['loud', 'low'], default: 'low' },
    {
      type: 'array',
      items: { type: 'object', required: ['a'], properties: { a: { type: 'string' } } },
      default: [],
    },
    { type: 'string', format: 'version', secret: true },
    { minimum: 1 },
    {},
    {
      definitions: { port: { type: 'integer' } },
      properties: { p: { $ref: '#/definitions/port' } },
      default: { p: 1 },
    },
    { type: 'array', $defs: { port: { type: 'integer' } }, items: { $ref: '#/$defs/port', default: 1 } },
    { anyOf: [{ type: 'object', properties: { x: { type: 'string', default: 'q' } } }, { type: 'string' }] },
    {
      type: 'object',
      properties: { next: { $ref: '#' }, n: { type: 'integer', default: 1 } },
      required: ['n'],
      default: {},
    },
    { type: ['object', 'integer'], properties: { next: { $ref: '#', default: 5 } } },
  ])('%j is fine', async (schema) => {
    expect(await schemaProblems({ x: schema as never })).toEqual([]);
  });

  it('of every variable of ours is fine', async () => {
    expect(await schemaProblems(ETCD_VARS)).toEqual([]);
  });
});

describe('a variable that its role calls secret', () => {
  const schema = {
    notes_word: { type: 'string', secret: true, default: 'by-default-1' },
    notes_more: { type: 'object', secret: true },
    notes_size: { type: 'integer', secret: true },
  };
  const inventory = (vars: string) =>
    write({ 'inventory.yaml': `all: { hosts: { a: { ansible_host: 10.0.0.1, ${vars} } } }\n` });
  const read = (vars: string) => readAll({ files: [`${inventory(vars)}/inventory.yaml`], schema });

  it('is masked wherever it turns up, whatever it is called, and is text for its role', async () => {
    await asOneRun(async () => {
      const { hosts } = await read(
        'notes_more: { inner: [within-list] }, notes_word: "{{ \'by\' }}-template"',
      );
      expect(hosts[0]?.vars).toMatchObject({ notes_word: 'by-template' });
      expect(redact('says by-template and within-list')).toBe('says ******** and ********');
    });
    await asOneRun(async () => {
      const { hosts } = await read('x: 1');
      expect(hosts[0]?.vars).toMatchObject({ notes_word: 'by-default-1' });
      expect(redact('by-default-1')).toBe('********');
    });
  });

  it('makes a new file with it, or with one named like a secret, its owner’s alone; no everyday word does', async () => {
    await asOneRun(async () => {
      const given = [
        'notes_word: own-word, notes_db: { password: by-its-name, host: localhost }',
        'ansible_password: vagrant, other_password: elsewhere',
      ];
      const { hosts } = await readAll({
        files: [`${inventory(given.join(', '))}/inventory.yaml`],
        schema: { ...schema, notes_db: { type: 'object' } },
      });
      expect(hosts[0]?.connection.password?.reveal()).toBe('vagrant');
      keepMasked('in-a-vault');
      const texts = [
        'x=own-word',
        'postgres://u:by-its-name@db',
        'vagrant elsewhere localhost',
        'my own-words',
        'in-a-vault',
        `${'-----BEGIN'} EC PRIVATE KEY-----\nMHc\n`,
      ];
      expect(texts.map(usualMode)).toEqual(['0600', '0600', '0644', '0644', '0644', '0600']);
      expect(redact('vagrant elsewhere')).toBe('******** ********');
    });
  });

  it('is one by its name as a default, too, unless its schema says that it is none', async () => {
    await asOneRun(async () => {
      await readAll({
        files: [`${inventory('open_password: seen-by-all')}/inventory.yaml`],
        schema: {
          usual_password: { type: 'string', default: 'hunter2hunter2' },
          users: { type: 'array', default: [{ name: 'ann-marie', password: 'nested-77' }] },
          open_password: { type: 'string', secret: false },
          open_token: { type: 'string', secret: false, default: 'for-everybody' },
        },
      });
      const texts = ['hunter2hunter2', 'nested-77', 'ann-marie', 'seen-by-all', 'for-everybody'];
      expect(texts.map(redact)).toEqual([
        '********',
        '********',
        'ann-marie',
        'seen-by-all',
        'for-everybody',
      ]);
      expect(texts.map(usualMode)).toEqual(['0600', '0600', '0644', '0644', '0644']);
    });
  });

  it('that has a float without a fraction in it is told: the role gets another text of it', async () => {
    const given = 'notes_php: [7.4, 8.0, "8.0"], notes_wait: 30.0, other: 1.0';
    const { notices } = await readAll({
      files: [`${inventory(given)}/inventory.yaml`],
      schema: { ...schema, notes_php: { type: 'array' }, notes_wait: { type: 'number' } },
    });
    expect(notices.filter((one) => one.includes('its role gets'))).toEqual([
      expect.stringMatching(/notes_php has 8.0, which its role gets as 8: quote it/),
    ]);
  });

  it('is not shown where it is wrong', async () => {
    const [error] = await refusal(read('notes_size: geheim-9'));
    expect(error?.message).toBe('notes_size of a must be a whole number, found ********');
  });
});
