import { dirname, join, resolve } from 'node:path/posix';

/** Where a path is once links that tasks declare are followed. */
export interface Behind {
  readonly path: string;
  /** The probe read the right place: no link on the way is new or will point elsewhere. */
  readonly isRead: boolean;
}

/** The part of a path's state that is asked for here. */
interface Linked {
  readonly type?: string;
  readonly to?: string;
  readonly isMoved?: boolean;
}

/** Describe a link for the world: the path it leads to, and whether it leads elsewhere than when it was read. */
export function linkState(path: string, to: string, isMoved: boolean) {
  return { type: 'link', mode: '0777', to: resolve(dirname(path), to), isMoved } as const;
}

/**
 * Follows the links above a path, of which `at` tells the state.
 *
 * @example
 * behindLinks('/srv/current/app.conf', () => linkState('/srv/current', 'releases/2', true))
 * // { path: '/srv/releases/2/app.conf', isRead: false }
 */
export function behindLinks(path: string, at: (folder: string) => Linked | null | undefined): Behind {
  let behind: Behind = { path, isRead: true };
  // More than the kernel follows: these go in a circle.
  for (let hops = 0; hops < 40; hops++) {
    const next = step(behind, at);
    if (next === undefined) break;
    behind = next;
  }
  return behind;
}

function step({ path, isRead }: Behind, at: Parameters<typeof behindLinks>[1]): Behind | undefined {
  for (let end = path.indexOf('/', 1); end > 0; end = path.indexOf('/', end + 1)) {
    const state = at(path.slice(0, end));
    if (state?.type === 'link' && state.to !== undefined)
      return { path: join(state.to, path.slice(end)), isRead: isRead && !state.isMoved };
  }
  return undefined;
}
