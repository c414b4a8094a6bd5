import type { Lab } from './lab.ts';

/**
 * Shell scripts as root on the hosts of a lab, over SSH or, `by: 'enter'`, without; what they print, trimmed.
 * `on` and `onAll` are for what a test sets up: the first command that fails ends the script and fails the test, with
 * what it said; write `|| true` where failure is meant. `look` and `lookAll` are for what a test looks at: whatever
 * the exit status, what was printed counts.
 */
export function onHosts(running: () => Lab, { by = 'ssh' }: { readonly by?: 'ssh' | 'enter' } = {}) {
  const names = () => running().hosts.map(({ name }) => name);
  const look = async (host: string, script: string) => (await running()[by](host, script)).stdout.trim();
  const on = async (host: string, script: string, input?: string | Buffer) => {
    const options = input === undefined ? {} : { input };
    const { code, stdout, stderr } = await running()[by](host, `set -e\n${script}`, options);
    if (code === 0) return stdout.trim();
    throw new Error(`${host}: exit status ${code} of: ${script}\n${stdout}${stderr}`);
  };
  return {
    on,
    look,
    onAll: (script: string) => Promise.all(names().map((host) => on(host, script))),
    lookAll: (script: string) => Promise.all(names().map((host) => look(host, script))),
  };
}
