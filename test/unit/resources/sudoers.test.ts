import { describe, expect, it } from 'vitest';
import { sudoers } from '../../../lib/resources/sudoers.ts';

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

  it.each(['ann.smith', 'ann~', 'a/b', ''])('%j is not a name that sudo reads', (name) => {
    expect(() => sudoers(name, { rules: 'a ALL=/bin/x' })).toThrow(expect.objectContaining({ exitCode: 1 }));
  });
});
