import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { command, file, play, type RunEvent, role, run, sh } from '../../../package/index.ts';
import { scratch } from '../support/scratch.ts';

const note = role({
  name: 'note',
  description: 'a note',
  vars: { note_path: { type: 'string', required: true }, note_text: { type: 'string', default: 'hello' } },
  tasks: ({ vars }) => [file(vars.note_path, { content: vars.note_text })],
});

const NOTE = { name: 'note', plays: [play({ hosts: 'all', roles: [note] })] };

function inventoryIn(dir: string, text = 'hello'): string {
  const path = join(dir, 'inventory.yaml');
  writeFileSync(
    path,
    `all: { hosts: { here: { ansible_connection: local, note_path: ${dir}/note, note_text: "${text}" } } }\n`,
  );
  return path;
}

describe('a run from a program', () => {
  it('plans without a change, applies, and tells of both', async () => {
    const dir = scratch();
    const r = run(NOTE, { inventory: inventoryIn(dir) });
    const heard: RunEvent[] = [];
    const listening = (async () => {
      for await (const event of r.events) heard.push(event);
    })();
    const plan = await r.plan();
    expect(plan.errors).toEqual([]);
    expect(plan.changed).toMatchObject([{ host: 'here', role: 'note', status: 'changed' }]);
    expect(existsSync(join(dir, 'note'))).toBe(false);
    expect((await r.apply()).exitCode).toBe(0);
    expect(await r.done).toBe(0);
    expect(readFileSync(join(dir, 'note'), 'utf8')).toBe('hello');
    // It is known by the program, wherever that was started.
    expect(readFileSync(join(dir, '.quorate/note/here/made'), 'utf8')).toContain(
      'quorate test/unit/cli/run.test',
    );
    await listening;
    expect(heard.filter(({ event }) => event === 'recap')).toHaveLength(2);
    expect((await run(NOTE, { inventory: inventoryIn(dir) }).plan()).changed).toEqual([]);
  });

  it('gives what is wrong with the inventory as an outcome', async () => {
    const { exitCode, errors } = await run(NOTE, { inventory: 'localhost,' }).plan();
    expect(exitCode).toBe(1);
    expect(errors[0]?.message).toContain('note_path');
  });

  it.each<[options: object, message: string, hint: string]>([
    [{ limits: 'x' }, 'run: it has no option limits', 'did you mean limit?'],
    [{ tags: 'x' }, 'run: tags is "x", a list of text was wanted', 'write tags: [ … ] around it'],
    [{ forks: '5' }, 'run: forks is "5", a number was wanted', 'leave out the quotes: forks: 5'],
  ])('says what is meant by the options %j, and plans nothing', async (options, message, hint) => {
    const { exitCode, errors, events } = await run(NOTE, {
      inventory: inventoryIn(scratch()),
      ...options,
    }).plan();
    expect({ exitCode, count: events.length }).toEqual({ exitCode: 1, count: 1 });
    expect(errors).toMatchObject([
      { message, hint, position: { file: expect.stringContaining('run.test.ts') } },
    ]);
  });

  it('takes an option that is undefined as not given', async () => {
    const inventory = inventoryIn(scratch());
    const options: object = { roles: undefined, tags: undefined, forks: undefined, yes: undefined };
    const { errors, changed } = await run(NOTE, { inventory, ...options }).plan();
    expect(errors).toEqual([]);
    expect(changed).toHaveLength(1);
  });

  it('takes variables as values', async () => {
    const dir = scratch();
    const { errors } = await run(NOTE, {
      inventory: inventoryIn(dir),
      extraVars: { note_text: "it's 'so'" },
    }).apply();
    expect(errors).toEqual([]);
    expect(readFileSync(join(dir, 'note'), 'utf8')).toBe("it's 'so'");
  });

  it('keeps two at once apart: what is a secret of one is none of the other', async () => {
    const [one, two] = [scratch(), scratch()];
    const said = 'open-sesame-9';
    const showing = (secret: boolean) =>
      role({
        name: 'note',
        description: 'a note',
        vars: {
          note_path: { type: 'string', required: true },
          note_password: { type: 'string', default: 'none-of-them' },
          note_text: { type: 'string', default: '' },
        },
        tasks: ({ vars }) => [
          file(vars.note_path, { content: secret ? vars.note_password : vars.note_text }),
        ],
      });
    const first = run(
      { plays: [play({ hosts: 'all', roles: [showing(true)] })] },
      { inventory: inventoryIn(one), extraVars: { note_password: said } },
    );
    const second = run(
      { plays: [play({ hosts: 'all', roles: [showing(false)] })] },
      { inventory: inventoryIn(two, said) },
    );
    const [a, b] = await Promise.all([first.apply(), second.apply()]);
    expect([...a.errors, ...b.errors]).toEqual([]);
    expect(JSON.stringify(a.events)).not.toContain(said);
    expect(JSON.stringify(b.events)).toContain(said);
  });

  it('that is cancelled ends with 130, before its next task', async () => {
    const dir = scratch();
    const slow = role({
      name: 'slow',
      description: 'two tasks',
      tasks: () => [
        command('waits', { run: sh`sleep 1; : >${join(dir, 'one')}`, creates: join(dir, 'one') }),
        command('goes on', { run: sh`: >${join(dir, 'two')}`, creates: join(dir, 'two') }),
      ],
    });
    const r = run({ plays: [play({ hosts: 'all', roles: [slow] })] }, { inventory: inventoryIn(dir) });
    const applying = r.apply();
    for await (const { event } of r.events) if (event === 'play') break;
    setTimeout(() => r.cancel(), 600);
    expect((await applying).exitCode).toBe(130);
    expect(await r.done).toBe(130);
    expect(existsSync(join(dir, 'two'))).toBe(false);
  });

  it('cancelled before it began contacts no host', async () => {
    const r = run(NOTE, { inventory: 'localhost,' });
    r.cancel();
    expect(await r.done).toBe(130);
    expect(await r.apply()).toMatchObject({ exitCode: 130, events: [] });
  });
});
