import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Printed, type Question, readAnswer } from '../../../../../lib/etcd/facts/etcdctl/answers.ts';
import { READERS } from '../../../../../lib/etcd/facts/etcdctl/shell.ts';
import { isDenied } from '../../../../../lib/etcd/facts/etcdctl/words.ts';
import { scratch } from '../../../support/scratch.ts';
import { SHELLS } from '../../../support/shells.ts';
import { STATUS, UNKNOWN_SHAPES } from './unknown-shapes.ts';

const DIR = new URL('answers', import.meta.url).pathname;

/** Every answer that was recorded, by version and name. */
const RECORDED = readdirSync(DIR).flatMap((file) => {
  const all = JSON.parse(readFileSync(join(DIR, file), 'utf8')) as Record<string, Outcome>;
  const version = file.replace(/\.json$/, '');
  return Object.entries(all).map(([name, outcome]) => ({ version, name, ...outcome }));
});

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the shell function that reads answers to the question sets. */
const READS = {
  'endpoint status': 'q_status "$q_text" && echo "$q_cluster $q_self $q_leader $q_etcd $q_size"',
  'snapshot status': 'q_content "$q_text" && echo "$q_revision $q_keys $q_hash"',
} as const;

/** The same, by the module that control reads with. */
function byControl(question: keyof typeof READS, out: string): string {
  const read = readAnswer<Question>(question, { code: 0, out, err: '' } satisfies Printed, '');
  if ('unanswered' in read) return 'unknown';
  if (question === 'endpoint status') {
    const { clusterId, memberId, leaderId, version, dbSize } = read.value as StatusAnswer;
    const decimal = (hex: string) => String(BigInt(`0x${hex || '0'}`));
    return [clusterId, decimal(memberId), decimal(leaderId), version, dbSize].join(' ');
  }
  const { revision, keys, hash } = read.value as ContentAnswer;
  return [revision, keys, hash].join(' ');
}

type StatusAnswer = Extract<ReturnType<typeof readAnswer<'endpoint status'>>, { value: unknown }>['value'];
type ContentAnswer = Extract<ReturnType<typeof readAnswer<'snapshot status'>>, { value: unknown }>['value'];

describe.each(SHELLS)('a script that reads by itself, by %s', (_name, shell = '', ...args) => {
  /** Runs shell for each text, which is `$q_text` and in the file `$q_file`; what it prints, line by line. */
  const forEach = (texts: readonly string[], line: string): readonly string[] => {
    const dir = scratch();
    const files = texts.map((text, i) => {
      const file = join(dir, String(i));
      writeFileSync(file, text);
      return file;
    });
    const script = `${READERS}\nfor q_file; do q_text=$(cat "$q_file"); ${line} || echo unknown; done`;
    const env = { PATH: process.env.PATH ?? '', SHLVL: '1' };
    const { stdout, stderr } = spawnSync(shell, [...args, '-c', script, 'sh', ...files], {
      encoding: 'utf8',
      env,
    });
    expect(stderr).toBe('');
    return stdout.split('\n').slice(0, -1);
  };

  it.each(Object.entries(READS) as [keyof typeof READS, string][])(
    'reads `%s` of every version as control does, and nothing else',
    (question, line) => {
      const strange = UNKNOWN_SHAPES.filter(([of]) => of === question).map(([, , json]) =>
        json === undefined ? 'all is well' : JSON.stringify(json),
      );
      const texts = [
        ...RECORDED.map(({ stdout }) => stdout.trim()),
        ...strange,
        // What is zero is left out.
        JSON.stringify([{ Status: STATUS }]),
      ];
      const wanted = texts.map((text) => byControl(question, text));
      expect(forEach(texts, line)).toEqual(wanted);
      expect(new Set(wanted).size).toBeGreaterThan(5);
    },
  );

  it('knows what is said to who may not ask', () => {
    const said = RECORDED.map(({ stderr }) => stderr);
    const wanted = said.map((text) => (isDenied(text) ? 'denied' : 'unknown'));
    expect(forEach(said, 'q_denied "$q_file" && echo denied')).toEqual(wanted);
    expect(wanted).toContain('denied');
  });

  it('knows which tools restore with later revisions, by their help', () => {
    const help = RECORDED.filter(({ name }) => name === 'snapshot restore --help');
    const texts = help.map(({ stdout, stderr }) => stdout + stderr);
    const bumps = forEach(texts, 'tool() { cat "$q_file"; }; q_bumps tool && echo bumps');
    expect(help.map(({ version }, i) => `${version} ${bumps[i]}`)).toEqual([
      '3.3.25 unknown',
      '3.4.23 unknown',
      '3.5.16 bumps',
      '3.5.30 bumps',
      '3.6.16 bumps',
      '3.7.3 bumps',
      '3.8.0-alpha.0 bumps',
    ]);
  });

  it('says which tool of which version answered in another shape', () => {
    const versions = RECORDED.filter(({ name }) => name.startsWith('version of '));
    const said = forEach(
      versions.map(({ stdout }) => stdout),
      `tool() { cat "$q_file"; }; q_unknown 'endpoint status' tool`,
    );
    expect(said).toEqual(
      versions.map(
        ({ name, version }) =>
          `${name.slice('version of '.length)} ${version} answered \`endpoint status\` in a shape not known here`,
      ),
    );
  });
});
