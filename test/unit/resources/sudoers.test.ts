import { describe, expect, it } from 'vitest';
import { sudoers } from '../../../lib/resources/sudoers.ts';
import { withoutRepeats } from '../../../lib/runner/plan/wishes.ts';

describe('rules of sudo', () => {
  it('are a file of root, whole, and validated', () => {
    const task = sudoers('deploy', { rules: ['a ALL=(root) /bin/x', 'b ALL=(root) /bin/y'] });
    expect(task.resource).toBe('file:/etc/sudoers.d/deploy');
    expect(task.wish).toMatchObject({
      content: 'a ALL=(root) /bin/x\nb ALL=(root) /bin/y\n',
      mode: '0440',
      owner: 'root',
      validate: { text: expect.stringContaining('visudo -c') },
    });
  });

  const admins = (name: string, rules: string) => ({ role: 'base', task: sudoers(name, { rules }) });
  const first = admins('a', 'User_Alias ADMINS = ann : OPS = bob\nADMINS ALL=(root) /bin/x');

  it.each([
    ['one alias', 'User_Alias OPS = cid', 'both define the User_Alias OPS; let one of them say it'],
    ['the same one', 'User_Alias \\\n A = x:ADMINS=y', 'both define the User_Alias ADMINS; let one of them'],
    ['one of another kind', 'Cmnd_Alias OPS = /bin/x', undefined],
    ['rules for it', 'OPS ALL=(root) /bin/y', undefined],
  ])('two new files with %s', (_what, rules, hint) => {
    const both = () => withoutRepeats('h', [first, admins('b', rules)]);
    if (hint === undefined) expect(both()).toHaveLength(2);
    else expect(both).toThrow(expect.objectContaining({ exitCode: 1, hint: expect.stringContaining(hint) }));
  });

  it.each(['ann.smith', 'ann~', 'a/b', ''])('%j is not a name that sudo reads', (name) => {
    expect(() => sudoers(name, { rules: 'a ALL=/bin/x' })).toThrow(expect.objectContaining({ exitCode: 1 }));
  });
});
