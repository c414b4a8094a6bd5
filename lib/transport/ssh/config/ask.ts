import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithUs, signalGroup } from '../../../child-groups.ts';
import { fromHere } from '../../../paths.ts';
import { Slots } from '../../slots.ts';
import { bareEnvironment, variablesIn } from './bare-environment.ts';
import { type Answers, lineKey, type Target } from './evaluate.ts';
import type { ConfigFile } from './files.ts';
import { ConfigProblem, type Origin } from './problem.ts';
import { splitLine } from './words.ts';

/** Until an `ssh -G` that does not end counts as hanging, in ms: commands of `Match exec` may ask a network. */
const ASK_MS = 10_000;

const slots = new Slots(8);

/**
 * Asks OpenSSH's ssh what only it can tell of a host: which `Match` lines it takes, and the host's name. It is given
 * copies of the files in which each Match is followed by a mark that `ssh -G` prints, and which name each other; so it
 * reads what we have read, wherever the home is that it would look into (that of the passwd database, whatever $HOME).
 */
export function askSsh(files: readonly ConfigFile[], target: Target, question: Origin): Promise<Answers> {
  return slots.run(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'quorate-ssh-'));
    try {
      const copies = new Copies(folder);
      const entry = await copies.entry(files);
      const options = target.options.flatMap(([keyword, value]) => ['-o', `${keyword}=${value}`]);
      const text = await run(['-G', '-F', entry, ...options, '--', target.alias], copies, question);
      const lines = text.split('\n');
      const after = (line: string) => line.slice(line.indexOf(' ') + 1);
      const marks = lines.filter((line) => line.startsWith('certificatefile ')).map(after);
      return {
        taken: new Set(marks.flatMap((mark) => copies.lineOf(mark) ?? [])),
        hostname: after(lines.find((line) => line.startsWith('hostname ')) ?? `hostname ${target.alias}`),
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/** Directives that ssh prints one a line, each time they are given, and that nothing takes back. */
const MARK = 'CertificateFile';

class Copies {
  readonly #folder: string;
  readonly #marks = new Map<string, string>();
  /** Copy → the lines of the file that its lines come from. */
  readonly #origins = new Map<string, readonly Origin[]>();
  #count = 0;
  /** Variables that the files name. */
  readonly variables = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A file that reads copies of all. */
  async entry(files: readonly ConfigFile[]): Promise<string> {
    const names: string[] = [];
    for (const file of files) names.push(await this.#copy(file));
    return this.#write(
      names.map((name) => `Include "${name}"`),
      [],
    );
  }

  lineOf(mark: string): string | undefined {
    return this.#marks.get(mark);
  }

  /** What ssh says of a copy, told of the file. */
  origin(said: string): Origin | undefined {
    const [, copy, line] = /(\S+quorate-ssh-\S+?):? line (\d+)/.exec(said) ?? [];
    return this.#origins.get(copy ?? '')?.[Number(line) - 1];
  }

  async #copy(file: ConfigFile): Promise<string> {
    const known = new Map(file.lines.map((line) => [line.origin.line, line]));
    const lines: string[] = [];
    const origins: Origin[] = [];
    for (const [i, source] of (await readFile(file.path, 'utf8')).split('\n').entries()) {
      const origin = { file: file.path, line: i + 1 };
      for (const name of variablesIn(source)) this.variables.add(name);
      const keyword = splitLine(source)?.keyword;
      const add = (text: string) => {
        lines.push(text);
        origins.push(origin);
      };
      if (keyword !== 'include') add(source.replace(/\r$/, ''));
      else for (const one of known.get(i + 1)?.files ?? []) add(`Include "${await this.#copy(one)}"`);
      if (keyword === 'match') {
        const mark = `/quorate-mark/${this.#marks.size}`;
        this.#marks.set(mark, lineKey(origin));
        add(`${MARK} ${mark}`);
      }
    }
    return this.#write(lines, origins);
  }

  async #write(lines: readonly string[], origins: readonly Origin[]): Promise<string> {
    const path = join(this.#folder, String(this.#count));
    this.#count += 1;
    await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 });
    this.#origins.set(path, origins);
    return path;
  }
}

function run(args: readonly string[], copies: Copies, question: Origin): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = endWithUs(
      spawn('ssh', args, {
        env: bareEnvironment(copies.variables),
        stdio: ['ignore', 'pipe', 'pipe'],
        // A command of `Match exec` is ended with it.
        detached: true,
      }),
    );
    let out = '';
    let err = '';
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      signalGroup(child);
      child.stdout.destroy();
      child.stderr.destroy();
    }, ASK_MS);
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err = (err + chunk).slice(-8000);
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const why = error.code === 'ENOENT' ? 'there is none on the PATH' : error.message;
      reject(
        new ConfigProblem(
          `only OpenSSH's ssh can tell what this line means (Match exec and the like), and ${why}`,
          question,
          'install the OpenSSH client, or write the line without it',
        ),
      );
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      if (late)
        reject(
          new ConfigProblem(
            `ssh -G did not end within ${ASK_MS / 1000} s`,
            question,
            'see what its Match exec waits for',
          ),
        );
      else if (code === 0) resolve(out);
      else reject(refusal(err, copies, question));
    });
  });
}

function refusal(said: string, copies: Copies, question: Origin): ConfigProblem {
  const lines = said
    .split('\n')
    .filter((line) => line.trim() !== '' && !/Pseudo-terminal|terminating, \d/.test(line));
  const telling = lines.find((line) => copies.origin(line)) ?? lines.at(-1) ?? 'without a word';
  const origin = copies.origin(telling) ?? question;
  const message = telling.replace(/^.*?line \d+:?\s*/, '');
  return new ConfigProblem(`ssh refuses ${fromHere(origin.file)}: ${message}`, origin);
}
