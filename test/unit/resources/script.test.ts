import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import { script } from '../../../lib/resources/script.ts';
import { dry, run } from '../support/cycle.ts';
import { scratch } from '../support/scratch.ts';
import { SHELLS } from '../support/shells.ts';

describe.each(SHELLS)('a script under %s', (_name, ...shell) => {
  it('runs on the host with its arguments, and in no check', async () => {
    const dir = scratch();
    const made = join(dir, 'made');
    writeFileSync(
      join(dir, 'x.sh'),
      `#! /bin/sh -e\nprintf '%s|' "$@" >${made}\nfalse\necho not here >>${made}\n`,
    );
    const wish = () => script('made', { source: join(dir, 'x.sh'), args: ["it's", 'a b', 7], creates: made });
    expect(await dry([wish()], { dir, shell })).toEqual(['run done: no → yes']);
    // Its last line does not run, and its failure is ours.
    await expect(run([wish()], { dir, shell })).rejects.toMatchObject({ exitCode: 2 });
    expect(readFileSync(made, 'utf8')).toBe("it's|a b|7|");
    expect(await dry([wish()], { dir, shell })).toEqual([]);
    writeFileSync(join(dir, 'x.sh'), `echo done >${made}\n`);
    const again = { source: join(dir, 'x.sh'), unless: sh`grep -q done ${made}` };
    await run([script('made', again)], { dir, shell });
  });
});

it.each(['./nowhere.sh', import.meta.dirname])('%s is told before any contact', (source) => {
  expect(() => script('x', { source, creates: '/x' })).toThrow(expect.objectContaining({ exitCode: 1 }));
});

it.each([
  ['#!/bin/bash -e', true],
  ['echo', true],
  ['#!/usr/bin/env python3', false],
])('one that begins with %s and has line ends of Windows is refused: %s', (first, isRefused) => {
  const source = join(scratch(), 'x');
  writeFileSync(source, `${first}\r\nmkdir /opt/x\r\n`);
  const make = () => script('x', { source, creates: '/opt/x' });
  if (isRefused) expect(make).toThrow(/line ends of Windows/);
  else expect(make).not.toThrow();
});
