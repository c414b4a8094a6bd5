import { type Sh, sh } from '../../dsl/sh.ts';
import type { World } from '../../dsl/world/world.ts';
import { EXIT, QuorateError } from '../../errors.ts';

/** What a file of apt's takes packages from. */
interface Source {
  readonly uri: string;
  readonly suite: string;
}

/** A file that names one of our addresses, too. */
export interface OtherFile {
  readonly path: string;
  readonly text: string;
}

/** Shell that prints the other files of sources in which one of these addresses stands. */
export function otherFiles(own: string, uris: readonly string[]): Sh {
  return sh`for q_file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
  if [ -f "$q_file" ] && [ "$q_file" != ${own} ] && grep -qF ${uris.flatMap((uri) => ['-e', bare(uri)])} -- "$q_file"; then
    printf 'source %s %s\n' "$(base64 <"$q_file" | tr -d '\n')" "$q_file"
  fi
done`;
}

/** Reads what `otherFiles` printed. */
export function parseOtherFiles(out: string): readonly OtherFile[] {
  return [...out.matchAll(/^source (\S*) (.+)$/gm)].map(([, text = '', path = '']) => ({
    path,
    text: Buffer.from(text, 'base64').toString('utf8'),
  }));
}

/**
 * Throws, in a check too, where another file has the same source: with another key in it apt reads none of its sources
 * any more, whatever they are.
 */
export function requireSole(
  uris: readonly string[],
  suites: readonly string[],
  files: readonly OtherFile[],
  world: World,
): void {
  for (const { path, text } of files) {
    const { state } = world.path(path);
    if (state === null) continue;
    const twice = sourcesIn(path, state?.text ?? text).find(
      ({ uri, suite }) => suites.includes(suite) && uris.some((one) => bare(one) === bare(uri)),
    );
    if (twice === undefined) continue;
    throw new QuorateError(
      `cannot add ${twice.uri} ${twice.suite}: ${path} has it already, and with two keys apt would read nothing any more`,
      { exitCode: EXIT.failed, hint: `take it out there before: absent('${path}'), or a line of it` },
    );
  }
}

/** Sources of binary packages that are enabled: sources.list(5), in both of its forms. */
function sourcesIn(path: string, text: string): readonly Source[] {
  const lines = text.split('\n').filter((line) => !/^\s*#/.test(line));
  if (!path.endsWith('.sources')) {
    return lines.flatMap((line) => {
      const [, uri, suite] = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/.exec(line) ?? [];
      return uri === undefined || suite === undefined ? [] : [{ uri, suite }];
    });
  }
  return lines
    .join('\n')
    .split(/\n\s*\n/)
    .flatMap((stanza) => {
      const words = (name: string) =>
        (new RegExp(`^${name}:((?:.*)(?:\\n[ \\t].*)*)`, 'im').exec(stanza)?.[1] ?? '').trim().split(/\s+/);
      if (!words('Types').includes('deb') || /^(no|false|0)$/i.test(words('Enabled')[0] ?? '')) return [];
      return words('URIs').flatMap((uri) => words('Suites').map((suite) => ({ uri, suite })));
    });
}

/** apt takes an address with a slash at its end for the same as without. */
function bare(uri: string): string {
  return uri.replace(/\/+$/, '');
}
