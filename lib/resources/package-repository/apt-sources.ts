import { type Sh, sh } from '../../dsl/shell/sh.ts';
import type { World } from '../../dsl/world/world.ts';
import { EXIT, QuorateError } from '../../errors.ts';

/** What a file of apt's takes packages from. */
export interface Source {
  readonly uri: string;
  readonly suite: string;
}

/** A file that names one of our addresses, too. */
export interface OtherFile {
  readonly path: string;
  readonly text: string;
}

const FOLDER = '/etc/apt/sources.list.d';

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

/** A source that is among both. */
export function commonSource(some: readonly Source[], others: readonly Source[]): Source | undefined {
  return some.find(({ uri, suite }) =>
    others.some((other) => other.suite === suite && bare(other.uri) === bare(uri)),
  );
}

/**
 * Throws, in a check too, where another file has the same source, or gets it by an earlier task: with another key in it
 * apt reads none of its sources any more, whatever they are.
 */
export function requireSole(
  own: string,
  sources: readonly Source[],
  files: readonly OtherFile[],
  world: World,
): void {
  const made = world.namesIn(FOLDER, []).map((name) => ({ path: `${FOLDER}/${name}`, text: '' }));
  const others = [...files, ...made].filter(({ path }) => path !== own && /\.(list|sources)$/.test(path));
  for (const { path, text } of others) {
    const { state } = world.path(path);
    if (state === null) continue;
    const twice = commonSource(sourcesIn(path, state?.text ?? text), sources);
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
