import { dirname } from 'node:path/posix';
import { editableText, inItsForm, linesOf, plainText, textOfLines } from '../../dsl/edit.ts';
import type { LeftOver } from '../../dsl/ledger/left-over.ts';
import type { Kept } from '../../dsl/ledger/records.ts';
import { parsePath, sha256 } from '../../dsl/path.ts';
import { partsOf, probe } from '../../dsl/shell/probe.ts';
import { sh } from '../../dsl/shell/sh.ts';
import { fingerprintOf, publicKeyIn } from '../authorized-keys/ssh-key.ts';
import { CHANGED, taking, WAS_THERE } from './taking.ts';

/** A key that lets somebody log in goes from the user's list if it still has the options it was given. */
export function leftKey(made: Kept): LeftOver {
  const [user = '', fingerprint = ''] = made.name.split(' ');
  let path = '';
  return taking(made, {
    probe: probe(
      [{ account: user, in: 'passwd' }],
      sh`q_home=$(q_account passwd ${user}); q_home=\${q_home%:*}; q_home=\${q_home##*:}
if [ -n "$q_home" ]; then echo "home $q_home"; if [ -L "$q_home/.ssh" ]; then echo 'ssh link'; fi; q_part; q_text "$q_home/.ssh/authorized_keys"; fi`,
    ),
    judge({ out }, world) {
      const [, own = '', file = ''] = partsOf(out);
      const [, home] = /^home (.*)$/m.exec(own) ?? [];
      if (home === undefined || world.user(user).state === null) return 'gone';
      // The user may lead it anywhere.
      if (/^ssh link$/m.test(own)) return { why: `${home}/.ssh is a link, which is not followed` };
      path = `${home}/.ssh/authorized_keys`;
      const found = world.path(path).over(parsePath({ code: 0, out: file }));
      if (found === undefined) return 'gone';
      const text = editableText(path, found);
      const keys = linesOf(plainText(text)).map((line) => ({ line, key: publicKeyIn(line) }));
      const ours = keys.filter(({ key }) => key !== undefined && fingerprintOf(key) === fingerprint);
      if (ours.length === 0) return 'gone';
      if (made.there) return WAS_THERE;
      if (ours.some(({ key }) => !made.digests.includes(sha256(key?.options ?? '')))) return CHANGED;
      const left = keys.filter((one) => !ours.includes(one)).map(({ line }) => line);
      const after = inItsForm(text, () => textOfLines(left));
      return { property: 'key', before: ours[0]?.line ?? null, text: { before: text, after } };
    },
    foresee(world, { text }) {
      const left = text?.after ?? '';
      world.path(path).willBe({ text: left, sha256: sha256(left) });
    },
    apply([change]) {
      const { before = '', after = '' } = change?.text ?? {};
      return sh`if [ -L ${dirname(path)} ] || [ -L ${path} ] || [ "$(q_sha256 ${path})" != ${sha256(before)} ]; then echo ${`${path} has changed since it was read: run again`}; exit 1; fi
printf %s ${after} | q_write ${path} "$(stat -c %a -- ${path})" '' ''`;
    },
  });
}
