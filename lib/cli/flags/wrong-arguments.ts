import { closest, distance } from 'fastest-levenshtein';
import { EXIT, QuorateError } from '../../errors.ts';
import type { Flag } from './flags.ts';

/** For arguments that cannot be read. Node's own words, which are `said`, name neither what is near nor what is wanted. */
export function wrongArguments(said: string, flags: readonly Flag[], takesWords: boolean): QuorateError {
  const [, unknown] = /^Unknown option '(--?[^']+)'/.exec(said) ?? [];
  const [, lacking] = /^Option '(?:-\w, )?--([\w-]+) <value>' argument missing/.exec(said) ?? [];
  const [, stray] = /^Unexpected argument '(.*?)'/.exec(said) ?? [];
  const placeholder = flags.find(({ name }) => name === lacking)?.placeholder ?? 'a value';
  const message = unknown
    ? `unknown option ${unknown}`
    : lacking
      ? `--${lacking} needs a value: ${placeholder}`
      : stray !== undefined
        ? `unexpected argument ${stray}`
        : said;
  const meant = unknown === undefined ? undefined : meantBy(unknown, flags);
  const file =
    stray !== undefined && /\.(ya?ml|ini|json)$/.test(stray) ? `did you mean -i ${stray}?` : undefined;
  const behind = takesWords && unknown && !meant ? 'words of another program go after --;' : undefined;
  return new QuorateError(message, {
    exitCode: EXIT.usage,
    hint: [meant ?? file ?? behind, '--help lists the options'].filter(Boolean).join(' '),
  });
}

function meantBy(unknown: string, flags: readonly Flag[]): string | undefined {
  const left = LEFT_OUT[unknown];
  if (left !== undefined) return `leave it out: ${left};`;
  const near = closest(
    unknown,
    flags.map(({ name }) => `--${name}`),
  );
  const meant = ELSEWHERE[unknown] ?? (distance(near, unknown) <= 2 ? near : undefined);
  return meant && `did you mean ${meant}?`;
}

/** What other tools call it. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  '--dry-run': '--check',
  '--dryrun': '--check',
  '--plan': '--check',
  '--noop': '--check',
  '--syntax-check': '--list-tasks',
  '--hosts': '--limit',
  '--sudo': '--become',
  '--ask-sudo-pass': '--ask-become-pass',
  '--connection-password-file': '-e @FILE with ansible_password in it',
  '--become-password-file': '-e @FILE with ansible_become_password in it',
  '--quiet': '--output plain',
  '--vault-pass-file': '--vault-password-file',
  '--ask-vault-password': '--ask-vault-pass',
  '--private-key': '-e ansible_ssh_private_key_file=FILE',
  '--key-file': '-e ansible_ssh_private_key_file=FILE',
  '--become-user': '-e ansible_become_user=NAME',
  '--connection': '-e ansible_connection=ssh|local',
  '-c': '-e ansible_connection=ssh|local',
  '--timeout': '-e ansible_timeout=SECONDS',
  '-T': '-e ansible_timeout=SECONDS',
  '--ssh-common-args': '-e \'ansible_ssh_common_args="…"\'',
  '--ssh-extra-args': '-e \'ansible_ssh_extra_args="…"\'',
};

/** Flags of Ansible that have no counterpart, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  '--become-method': 'sudo is the one way',
  '--flush-cache': 'facts are read in each run',
  '--force-handlers': 'tasks restart services themselves (restartOn)',
  '--start-at-task': 'a rerun skips what is done',
  '--step': '--check says what a run would do, --plan-out and --apply let it be read before',
  '--module-path': 'roles and resources are modules of npm',
  '-M': 'roles and resources are modules of npm',
  '--sftp-extra-args': 'no sftp program is run',
  '--scp-extra-args': 'no scp program is run',
};
