import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatPosition } from '../../../lib/errors.ts';
import { ETCD_VARS } from '../../../lib/etcd/model/vars.ts';
import { readAll, refusal, write } from './support.ts';

/**
 * The bad-*.txt files beside this one: `### what`, then inventory.yaml, then further files after a line
 * `--- path`, then arguments of `-e`. After each `=>` comes what is said about it: where (`-` for nowhere)
 * and what, and in the next line the hint (`-` for none). DIR is the directory of the inventory.
 */
interface Case {
  readonly what: string;
  readonly files: Readonly<Record<string, string>>;
  readonly extraVars: readonly string[];
  readonly said: readonly string[];
}

// An agent may have the private half of a public key.
delete process.env.SSH_AUTH_SOCK;

const FILES = readdirSync(import.meta.dirname).filter((name) => /^bad-.*\.txt$/.test(name));

describe.each(FILES)('%s', (file) => {
  const cases = casesOf(readFileSync(join(import.meta.dirname, file), 'utf8'));

  it.each(cases)('$what', async ({ files, extraVars, said }) => {
    const folder = write(files);
    const options = { files: [join(folder, 'inventory.yaml')], schema: ETCD_VARS, extraVars };
    const errors = await refusal(readAll(options));
    const found = errors.map(({ message, hint, position }) => {
      const place = position ? formatPosition(position).replace(`${folder}/`, '') : '-';
      return `${place} ${message}\n   ${hint ?? '-'}`.replaceAll(folder, 'DIR');
    });
    expect(found).toEqual(said);
    // The passwords in these files all have this in them.
    expect(found.join()).not.toContain('hunt');
    expect(errors.map(({ exitCode }) => exitCode)).toEqual(errors.map(() => 1));
  });
});

it('is a long list', () => {
  const all = FILES.flatMap((file) => casesOf(readFileSync(join(import.meta.dirname, file), 'utf8')));
  expect(all.length).toBeGreaterThan(150);
});

function casesOf(text: string): readonly Case[] {
  return text.split(/^### /m).slice(1).map(caseOf);
}

function caseOf(text: string): Case {
  const [what = '', ...lines] = text.trimEnd().split('\n');
  const files: Record<string, string> = {};
  const extraVars: string[] = [];
  const said: string[] = [];
  let file = 'inventory.yaml';
  for (const line of lines) {
    if (line.startsWith('--- ')) {
      file = line.slice(4);
      files[file] = '';
    } else if (line.startsWith('-e ')) extraVars.push(line.slice(3));
    else if (line.startsWith('=> ')) said.push(line.slice(3));
    else if (said.length > 0) said.push(`${said.pop()}\n${line}`);
    else files[file] = `${files[file] ?? ''}${line}\n`;
  }
  return { what, files, extraVars, said };
}
