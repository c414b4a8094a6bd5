import { OF_PLANS } from '../lib/cli/flags/flags.ts';
import { main } from '../lib/cli/main.ts';
import { plainPlay } from '../lib/dsl/plain-play.ts';
import { exec, execWords } from '../roles/exec.ts';

const play = (hosts: string, words: readonly string[]) =>
  plainPlay({ name: 'exec', hosts, roles: [exec(words)] }, 'exec');

export default await main(import.meta.url, {
  name: 'exec',
  description: 'Runs a command on hosts, all at once. Each line it prints is told with its host.',
  hides: [...OF_PLANS, 'role', 'tags', 'skip-tags', 'list-tasks', 'list-tags', 'diff', 'prune'],
  examples: [
    ['-i hosts.ini web -- systemctl is-active nginx', 'a program and its arguments'],
    ["-i hosts.ini all -b -- 'df -h / | tail -n 1'", 'a line for the shell, as root'],
  ],
  words: 'PATTERN -- COMMAND',
  tellsOutput: true,
  plays: [],
  playsFor: (all) => {
    const { pattern, words } = execWords(all);
    return [play(pattern, words)];
  },
});
