import { MARK } from '../../../dsl/shell/probe.ts';
import { sh } from '../../../dsl/shell/sh.ts';
import type { Printed } from './answers.ts';

/**
 * Defines `q_ask NAME COMMAND…`: prints `@NAME CODE ANSWER`, and `@NAME! 0 LINE` for each line that was said beside,
 * each after a `MARK`, since what is asked is not to be taken for it. The answer comes after
 * those, and `q_ask` ends as the command does. Several may be asked side by side where each answers in one line: bash writes
 * line by line, and the lines of two answers would mix.
 */
export const ASK = sh`q_ask() {
  q_name=$1; shift
  q_answer=$({ { q_said=$("$@"); printf '%s %s\n' "$?" "$q_said"; } 2>&1 >&4 |
    while IFS= read -r q_line; do printf '%s P @%s! 0 %s\n' "\${q_nonce-}" "$q_name" "$q_line"; done >&3; } 4>&1)
  printf '%s P @%s %s\n' "\${q_nonce-}" "$q_name" "\${q_answer:=1}"
  return "\${q_answer%% *}"
} 3>&1`;

/**
 * The same for a script of another user, who is given no marks: `say NAME COMMAND…` prints `NAME CODE ANSWER`, of an
 * answer that is one line, and nothing of what was said beside.
 */
export const SAY = `say() {
  what=$1
  shift
  answer=$("$@" 2>/dev/null)
  printf '%s %s %s\\n' "$what" "$?" "$answer"
}`;

/** `digest NAME COMMAND…`: prints `NAME HEX`, the digest of what it prints, where it does not fail. */
export const DIGEST = `digest() {
  what=$1
  shift
  answer=$({ { "$@" 2>/dev/null; echo "$?" >&3; } | sha256sum; } 3>&1)
  case $answer in 0*) answer=\${answer#0?}; printf '%s %s\\n' "$what" "\${answer%% *}" ;; esac
}`;

/** What was asked by `say`. */
export function saidLine(out: string, name: string): Printed | undefined {
  const [, code, text = ''] = new RegExp(`^${name} (\\d+) (.*)$`, 'm').exec(out) ?? [];
  return code === undefined ? undefined : { code: Number(code), out: text, err: '' };
}

/** What was asked by `q_ask`, by name: lines without one belong to the one before, and lines of one name to each other. */
export function printedByName(out: string): (name: string) => Printed | undefined {
  const parts = new Map<string, { readonly code: number; readonly text: string }>();
  for (const part of out.split(new RegExp(`^${MARK}@`, 'm')).slice(1)) {
    const [, name = '', code = '', text = ''] = /^(\S+) (\d*) ?(.*)$/s.exec(part) ?? [];
    const before = name.endsWith('!') ? parts.get(name)?.text : undefined;
    parts.set(name, {
      code: code === '' ? 1 : Number(code),
      text: `${before === undefined ? '' : `${before}\n`}${text}`.trim(),
    });
  }
  return (name) => {
    const part = parts.get(name);
    return part && { code: part.code, out: part.text, err: parts.get(`${name}!`)?.text ?? '' };
  };
}
