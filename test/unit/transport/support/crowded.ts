import { openSync } from 'node:fs';
import { openLink } from '../../../../lib/transport/ssh/ssh-link.ts';
import { sshSettings } from '../../../../lib/transport/ssh/ssh-settings.ts';
import { connectionOf } from './connection.ts';

// A process of its own: takes all files that it may have, then connects, and prints what it is told.
const [knownHosts = ''] = process.argv.slice(2);
const sshOptions = [
  ['UserKnownHostsFile', knownHosts],
  ['GlobalKnownHostsFile', 'none'],
] as const;
const settings = await sshSettings(connectionOf({ kind: 'ssh', user: 'root', port: 1, sshOptions }));
const link = () => openLink(settings, undefined, {});
// What a connection needs is loaded while files can be opened.
await link().catch(() => {});
for (let more = true; more; ) {
  try {
    openSync('/dev/null', 'r');
  } catch {
    more = false;
  }
}
await link().catch(({ message, hint, exitCode }) => {
  process.stdout.write(JSON.stringify({ message, hint, exitCode }));
});
