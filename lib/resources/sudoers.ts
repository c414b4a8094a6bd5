import { linesOf, textOfLines } from '../dsl/edit.ts';
import { is, must } from '../dsl/options/options.ts';
import type { TaskOptions } from '../dsl/options/task-options.ts';
import { composed } from '../dsl/resource.ts';
import { type Sh, sh } from '../dsl/shell/sh.ts';
import type { Task } from '../dsl/task.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { file } from './file.ts';

export interface SudoersOptions extends TaskOptions {
  /** Lines of sudoers(5). */
  readonly rules: string | readonly string[];
}

/**
 * Rules of sudo in a file of their own in `/etc/sudoers.d`. It is put there only after `visudo` has accepted it, by
 * itself and together with what is there; a check asks, too.
 *
 * @example
 * sudoers('deploy', { rules: 'deploy ALL=(root) NOPASSWD: /usr/bin/systemctl reload nginx' })
 */
export function sudoers(name: string, options: SudoersOptions): Task {
  return composed('sudoers', name, options, {
    options: { rules: must(is.either(is.text, is.list(is.text))) },
    make: () => sudoersFile(name, options),
  });
}

function sudoersFile(name: string, { rules, ...options }: SudoersOptions): Task {
  // sudo passes over files with a dot in their name, or a ~ at its end, without a word.
  if (!/^[\w@-]+$/.test(name)) {
    throw new QuorateError(`${JSON.stringify(name)} is not a name that sudo reads`, {
      exitCode: EXIT.usage,
      hint: 'take letters, digits, _ and -: it is the name of a file, not of a user',
    });
  }
  const content = textOfLines([rules].flat().flatMap(linesOf));
  const task = file(`/etc/sudoers.d/${name}`, {
    content,
    mode: '0440',
    owner: 'root',
    group: 'root',
    validate: (path) => acceptedBeside(name, path),
    title: `sudo knows the rules of ${name}`,
    ...options,
  });
  return { ...task, contradicts: (other) => bothDefine(content, other) };
}

/** What two new files of sudo's cannot both have, which each alone is accepted with: an alias of one name. */
function bothDefine(content: string, other: Task): string | false {
  const { path = '', content: rules } = file.wishOf(other) ?? {};
  if (!path.startsWith('/etc/sudoers.d/') || typeof rules !== 'string') return false;
  const others = aliasesIn(rules);
  const both = aliasesIn(content).filter((one) => others.includes(one));
  return both.length > 0 && `both define the ${both.join(', ')}`;
}

/** As `User_Alias ADMINS`. */
function aliasesIn(rules: string): readonly string[] {
  const lines = rules.replaceAll('\\\n', ' ').matchAll(/^\s*(User|Runas|Host|Cm(?:nd|d))_Alias\s(.*)$/gm);
  return [...lines].flatMap(([, kind, all = '']) =>
    [...all.matchAll(/(?:^|:)\s*([A-Z]\w*)\s*=/g)].map(
      ([, name]) => `${kind === 'Cmd' ? 'Cmnd' : kind}_Alias ${name}`,
    ),
  );
}

/** What is there may be at odds with itself already: then the new rules are judged alone. */
function acceptedBeside(name: string, path: string): Sh {
  return sh`q_rules=$(cat ${path})
if ! command -v visudo >/dev/null; then echo 'sudo is not installed'; exit 1; fi
if ! grep -q '^[#@]includedir[[:blank:]]*/etc/sudoers\.d' /etc/sudoers; then echo '/etc/sudoers does not include /etc/sudoers.d'; exit 1; fi
q_other_rules() {
  sed '/^[#@]includedir[[:blank:]]*\/etc\/sudoers\.d/d' /etc/sudoers
  for q_file in /etc/sudoers.d/*; do
    case \${q_file##*/} in *.* | *~ | ${name}) ;; *) if [ -f "$q_file" ]; then cat -- "$q_file"; echo; fi ;; esac
  done
}
printf '%s\n' "$q_rules" | visudo -c -f - || exit
if q_other_rules | visudo -c -q -f - 2>/dev/null; then
  { q_other_rules; printf '%s\n' "$q_rules"; } | visudo -c -f - || { echo 'with the other rules it is not accepted'; exit 1; }
fi`;
}
