import { expect, it } from 'vitest';
import { declaredVars } from '../../../lib/cli/declared-vars.ts';
import { role, type VarSchema } from '../../../lib/dsl/role.ts';
import { errorsOf } from '../../../lib/errors.ts';

const tasks = () => [];
const shop = (vars: VarSchema) => role({ name: 'shop', vars, tasks });
const mail = (vars: VarSchema) => role({ name: 'mail', vars, tasks });

function refused(...roles: Parameters<typeof declaredVars>[1]) {
  try {
    declaredVars([], roles);
  } catch (error) {
    return errorsOf(error).map(({ message, hint, position, exitCode }) => ({
      exitCode,
      said: `${message}: ${hint}`,
      line: position?.line,
    }));
  }
  return [];
}

it('roles that declare one variable differently are refused, with both places and what differs', () => {
  const first = shop({ port: { type: 'integer', default: 80 }, domain: { type: 'string', pattern: '^a' } });
  const second = mail({ port: { type: 'string', default: '25' }, domain: { type: 'string' } });
  const [port, domain] = refused(first, second);
  expect(port).toMatchObject({ exitCode: 1, line: 8 });
  expect(port?.said).toMatch(
    /^the roles shop and mail declare the variable port differently: they differ in type, default; the first is at .*declared-vars\.test\.ts:7;/,
  );
  expect(domain?.said).toMatch(/variable domain differently: they differ in pattern;/);
});

it('one role may need what another may miss, and describe it in other words', () => {
  const inner = (description: string) => ({ description: { type: 'string', description } });
  const one = { type: 'object', description: 'a', properties: inner('x'), required: true };
  const other = { type: 'object', description: 'b', properties: inner('y'), optional: true };
  expect(refused(shop({ site: one }), mail({ site: other }))).toEqual([]);
  expect(refused(shop({ site: one }), mail({ site: { ...other, properties: {} } }))).toHaveLength(1);
});

it.each<[string, VarSchema[string], VarSchema[string]]>([
  [
    'what only people read',
    { type: 'string', title: 'a', $comment: 'b' },
    { type: 'string', examples: ['c'] },
  ],
  ['a list of one type', { type: 'string' }, { type: ['string'] }],
  ['the order of choices', { enum: ['a', 'b'] }, { enum: ['b', 'a'] }],
])('roles agree that differ in %s', (_what, one, other) => {
  expect(refused(shop({ x: one }), mail({ x: other }))).toEqual([]);
});

it('a default of one role is the default of all, and two are refused', () => {
  const port = (more: object) => ({ port: { type: 'integer', ...more } });
  const [needs, has, other] = [port({ required: true }), port({ default: 80 }), port({ default: 81 })];
  for (const roles of [
    [shop(needs), mail(has)],
    [shop(has), mail(needs)],
  ])
    expect(declaredVars([], roles).port).toEqual({ type: 'integer', default: 80 });
  expect(refused(shop(needs), mail(has), role({ name: 'third', vars: other, tasks }))).toHaveLength(1);
  const order = (value: string[]) => ({ x: { type: 'array', default: value } });
  expect(refused(shop(order(['a', 'b'])), mail(order(['b', 'a'])))).toHaveLength(1);
});

it.each([
  [true, undefined],
  [undefined, true],
])('a secret of one role is a secret of all: %s and %s', (one, other) => {
  const link = (secret: boolean | undefined) => ({
    link: { type: 'string', ...(secret && { secret }) },
  });
  expect(declaredVars([], [shop(link(one)), mail(link(other))]).link).toEqual({
    type: 'string',
    secret: true,
  });
});
