import { sha256 } from '../../dsl/path.ts';
import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Certainty } from '../../dsl/task.ts';
import { asked, orRefused } from '../../dsl/validation.ts';
import type { World } from '../../dsl/world/world.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { type Content, incoming, isSent, revealed } from './content.ts';

/** Read-only shell that asks a validation of new content; undefined where there is nothing to ask, or nothing to read yet. */
export function validation(path: string, content: Content, validate: Sh | undefined): Sh | undefined {
  const text = revealed(content);
  if (validate === undefined || text === undefined) return undefined;
  return sh`if [ "$(q_sha256 ${path} 2>/dev/null)" != ${sha256(text)} ] && ! q_said=$(${asked(text, validate)}); then
  printf 'refused %s\n' "$q_said"
fi`;
}

/** What it said, in what it printed. */
export function refusalIn(out = ''): string | undefined {
  return /^refused ([\s\S]*)$/.exec(out)?.[1]?.trim();
}

/** Throws exit code 2 for content that is refused; where earlier tasks change the host, that may be why. */
export function requireValid(path: string, refusal: string | undefined, world: World): Certainty {
  if (refusal === undefined || world.isProof) return 'certain';
  if (world.willChange) return 'conditional';
  const why = refusal === '' ? ', which said nothing' : `: ${refusal}`;
  throw new QuorateError(`the new content of ${path} is refused by its validation${why}`, {
    exitCode: EXIT.failed,
    hint: 'nothing was changed: mend the content, or the validation',
  });
}

/** Shell that replaces a file only if its validation accepts what takes its place. */
export function validated(path: string, content: Content, validate: Sh | undefined, write: Sh): Sh {
  if (validate === undefined) return write;
  const text = revealed(content);
  const check = isSent(content) ? sh`(${validate}) 2>&1` : asked(text ?? '', validate);
  const drop = isSent(content) ? sh`rm -f -- ${incoming(path)}` : sh`:`;
  return joinSh([sh`${check}${orRefused(path, drop)}`, write]);
}
