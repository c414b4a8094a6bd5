import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { endWithUs } from '../../lib/child-groups.ts';

describe('a child with a process group of its own', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  const NAMES = ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const listening = () => NAMES.map((name) => process.listeners(name as 'exit'));

  /** What was added for it, by name. */
  function started() {
    const before = listening();
    const child = endWithUs(spawn('sleep', ['1000'], { detached: true }));
    const added = listening().map((all, i) => all.filter((one) => !before[i]?.includes(one)));
    const [exit, ...signals] = added.map(([one]) => one as unknown as (what: unknown) => void);
    return { before, child, exit, signals };
  }

  it('is ended where this process exits, and is forgotten once it has ended', async () => {
    const { before, child, exit } = started();
    exit?.(0);
    expect(await once(child, 'close')).toEqual([null, 'SIGKILL']);
    expect(listening()).toEqual(before);
  });

  it.each([0, 1, 2])('is ended with this process by a signal that nobody sees to: %i', async (nr) => {
    const { before, child, signals } = started();
    const { kill } = process;
    const killed = vi
      .spyOn(process, 'kill')
      .mockImplementation((pid, signal) => pid > 0 || kill(pid, signal));
    vi.spyOn(process, 'listenerCount').mockReturnValue(1);
    const signal = NAMES[nr + 1];
    signals[nr]?.(signal);
    expect(killed.mock.calls).toEqual([
      [-(child.pid ?? 0), 'SIGKILL'],
      [process.pid, signal],
    ]);
    await once(child, 'close');
    expect(listening()).toEqual(before);
  });

  it('is left to those who see to the signal', async () => {
    const { child, exit, signals } = started();
    const killed = vi.spyOn(process, 'kill');
    vi.spyOn(process, 'listenerCount').mockReturnValue(2);
    signals[0]?.('SIGINT');
    expect(killed).not.toHaveBeenCalled();
    exit?.(0);
    await once(child, 'close');
  });
});
