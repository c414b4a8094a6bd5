import type { ChildProcess } from 'node:child_process';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Children that are under way, and how their groups are ended. */
const running = new Map<ChildProcess, NodeJS.Signals>();

/**
 * Ends the group of a child that has one of its own (`detached`) with this process: no Ctrl-C and no hang-up reaches it.
 *
 * @example
 * endWithUs(spawn('ssh', args, { detached: true }))
 */
export function endWithUs<Child extends ChildProcess>(
  child: Child,
  signal: NodeJS.Signals = 'SIGKILL',
): Child {
  if (running.size === 0) listen();
  running.set(child, signal);
  const over = () => {
    running.delete(child);
    if (running.size === 0) rest();
  };
  child.once('close', over);
  child.once('error', over);
  return child;
}

/** Sends a signal to the group of a child that has one of its own. */
export function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // It has just ended by itself.
  }
}

function listen(): void {
  process.on('exit', endAll);
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function rest(): void {
  process.off('exit', endAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

/** Where nobody else sees to a signal, it ends this process, as it would without us. */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  endAll();
  rest();
  process.kill(process.pid, signal);
}

function endAll(): void {
  for (const [child, signal] of running) signalGroup(child, signal);
}
