import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { program } from '../../program.ts';
import { scratch } from '../support/scratch.ts';

const FOLDER = new URL('../../../docs/shards/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, FOLDER), 'utf8');
/** What a check ends with where something would change. */
const DRIFT = 8;
const HOSTS = [...Array(12).keys()].map((i) => `host${i}`);

/** A project with hosts on this machine, and an `npx` and a `node` that start what stands for its playbooks. */
let project: string;

beforeEach(() => {
  project = scratch();
  mkdirSync(join(project, 'inventory'));
  const hosts = HOSTS.map((name) => `${name}: { ansible_connection: local }`).join(', ');
  writeFileSync(join(project, 'inventory/prod.yaml'), `all: { hosts: { ${hosts} } }\n`);
  standIn('npx', 'tsx');
  standIn('node', '--import tsx');
});

/** A program that starts what stands for the playbooks, and is told so with these words. */
function standIn(name: string, words: string): void {
  const started = `case $1 in playbooks/site.ts) p=${program('test/unit/cli/plainPlaybook.ts')};; playbooks/report.ts) p=${program('playbooks/report.ts')};; *) exit 1;; esac`;
  const told = words.split(' ').map((word) => `[ "$1" = ${word} ] || exit 1\nshift`);
  const lines = ['#!/bin/sh', ...told, started, 'shift', `exec ${process.execPath} "$p" "$@"`, ''];
  writeFileSync(join(project, name), lines.join('\n'), { mode: 0o755 });
}

/** Runs a line of one of the files in the project; what it says. */
function run(script: string, env: Record<string, string>, codes = [0]): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', script], {
    cwd: project,
    encoding: 'utf8',
    env: { PATH: `${project}:${process.env.PATH}`, HOME: project, ...env },
  });
  expect(stderr).toBe('');
  expect(codes).toContain(status);
  return stdout;
}

const hostsIn = (events: string) => [
  ...new Set(
    events
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
      .flatMap(({ event, host }) => (event === 'task' ? [host] : [])),
  ),
];

describe('the Kubernetes Job', () => {
  const text = read('kubernetes-job.yaml');
  const holds = new Ajv({ strict: true, allowUnionTypes: true }).compile(
    JSON.parse(read('kubernetes-job.schema.json')),
  );

  it('holds to its schema', () => {
    holds(parse(text));
    expect(holds.errors).toBeNull();
  });

  it.each([
    ['a key that is misspelt', 'backoffLimitPerIndex', 'backOffLimitPerIndex'],
    ['a key at another place', 'restartPolicy: Never', 'restartPolicy: Never\n      backoffLimitPerIndex: 3'],
    ['an action that there is not', 'FailIndex', 'Fail'],
    ['an exit code out of range', '[0, 4, 6, 130, 137, 143]', '[0, 4, 6, 130, 137, 256]'],
    ['a mode without an index', 'completionMode: Indexed', 'completionMode: NonIndexed'],
    ['pods that start again by themselves', 'restartPolicy: Never', 'restartPolicy: OnFailure'],
    ['a volume of two kinds', 'emptyDir: {}', 'emptyDir: {}\n          secret: { secretName: a }'],
  ])('does not with %s', (_, found, put) => {
    expect(text).toContain(found);
    expect(holds(parse(text.replace(found, put)))).toBe(false);
  });

  it('runs each host in exactly one of its parts', () => {
    const { completions, template } = parse(text).spec;
    const [{ command, args, env }] = template.spec.containers;
    expect(command).toEqual(['sh', '-c']);
    const set = Object.fromEntries(
      env.map(({ name, value }: { name: string; value: string }) => [name, value]),
    );
    expect(set.SHARDS).toBe(String(completions));
    const parts = [...Array(completions).keys()].map((index) =>
      hostsIn(run(args[0], { ...set, HOME: project, JOB_COMPLETION_INDEX: String(index) })),
    );
    expect(parts.flat().sort()).toEqual([...HOSTS].sort());
  });

  it('ends with 8 where something has drifted, with the words that README.md adds to look only', () => {
    const [, words = ''] = /To look only, add `([^`]+)`/.exec(read('README.md')) ?? [];
    const [{ args }] = parse(text).spec.template.spec.containers;
    run(`${args[0]} ${words}`, { SHARDS: '1', HOME: project, JOB_COMPLETION_INDEX: '0' }, [DRIFT]);
  });

  it('is the process that gets the SIGTERM of a pod: no npx stands between', () => {
    const [{ args }] = parse(text).spec.template.spec.containers;
    expect(args[0]).toMatch(/^exec node /);
  });

  it('mounts what it declares, and declares what it mounts', () => {
    const { containers, volumes } = parse(text).spec.template.spec;
    const names = (all: { name: string }[]) => all.map(({ name }) => name).sort();
    expect(names(containers[0].volumeMounts)).toEqual(names(volumes));
  });
});

describe('the matrix of workflows', () => {
  const { check, report } = parse(read('github-matrix.yaml')).jobs;
  const step = (job: { steps: { name?: string; run?: string }[] }, name: string) =>
    job.steps.find((one) => one.name === name)?.run ?? '';

  it('checks each host in exactly one part, and makes one report of them', () => {
    const shards: number[] = check.strategy.matrix.shard;
    for (const shard of shards)
      run(step(check, 'Check this part'), { SHARD: String(shard), SHARDS: String(shards.length) }, [DRIFT]);
    const files = readdirSync(project).filter((name) => name.endsWith('.jsonl'));
    const parts = files.map((name) => hostsIn(readFileSync(join(project, name), 'utf8')));
    expect(parts.flat().sort()).toEqual([...HOSTS].sort());
    run(step(report, 'Merge the parts'), {});
    const page = readFileSync(join(project, 'drift.html'), 'utf8');
    for (const name of HOSTS) expect(page).toContain(`>${name}<`);
  });

  it('puts the key where no other user reads it', () => {
    run(step(check, 'Put the key for the hosts where ssh looks'), { SSH_KEY: 'k', SSH_KNOWN_HOSTS: 'h' });
    const modes = execFileSync('stat', ['-c', '%a', '.ssh', '.ssh/id_ed25519'], {
      cwd: project,
      encoding: 'utf8',
    });
    expect(modes).toBe('700\n600\n');
  });
});
