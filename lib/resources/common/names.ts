import { type Sh, sh } from '../../dsl/shell/sh.ts';

/** Shell function `q_has NAME`: prints a name of something that is there on one line, whatever is in it. */
export const named: Sh = sh`q_has() {
  case $1 in
    *"$q_nl"*) printf 'coded %s\n' "$(printf %s "$1" | base64 | tr -d '\n')" ;;
    *) printf 'has %s\n' "$1" ;;
  esac
}`;

/** Names that `q_has` printed, in its order. */
export function namesIn(out: string): readonly string[] {
  return out.split('\n').flatMap((line) => {
    if (line.startsWith('has ')) return [line.slice(4)];
    return line.startsWith('coded ') ? [Buffer.from(line.slice(6), 'base64').toString('utf8')] : [];
  });
}
