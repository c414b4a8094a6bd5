import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listing } from '../../../lib/cli/listing.ts';
import type { HostFacts } from '../../../lib/dsl/host-facts.ts';
import { plainPlay } from '../../../lib/dsl/plain-play.ts';
import { type Role, role } from '../../../lib/dsl/role.ts';
import { directory } from '../../../lib/resources/directory.ts';
import { file } from '../../../lib/resources/file.ts';
import { scratch } from '../support/scratch.ts';

const WEB = { name: 'web1', groups: ['web'], vars: {} };
const DB = ['db1', 'db2'].map((name) => ({ name, groups: ['db'], vars: { port: 5432 } }));

/** Of a play of web servers inside the limit, in front of one of databases outside it. */
async function tasks(...roles: readonly Role<HostFacts>[]) {
  const plays = [plainPlay({ hosts: 'web', roles }, 'site'), plainPlay({ hosts: 'db', roles: [] }, 'site')];
  const lines = await listing(
    { name: 'site', description: '', plays },
    {
      what: 'tasks',
      select: (pattern) => (pattern === 'web' ? [WEB] : DB),
      limit: ({ groups }) => groups.includes('web'),
      includes: () => true,
      groups: new Map([['db', ['db1', 'db2']]]),
    },
  );
  return lines.filter((line) => line.startsWith('    ')).map((line) => line.trim());
}

it('tasks with templates are listed, and those that groups give', async () => {
  const template = join(scratch(), 'a.j2');
  writeFileSync(template, '{{ x }}');
  const site = role({
    name: 'site',
    tasks: ({ groups }) => [
      file('/etc/a', { title: 'a template', template, values: { x: 1 } }),
      // As who knows the inventory writes it.
      ...(groups.db as string[]).map((name) => directory(`/srv/${name}`, { title: name })),
    ],
  });
  expect(await tasks(site)).toEqual(['a template', 'db1', 'db2']);
});

it('tasks are listed that are for what another play says of its hosts, also of those outside the limit', async () => {
  const ports = role({
    name: 'ports',
    tasks: ({ groups, hostvars }) =>
      (groups.db as string[]).map((name) =>
        directory(`/srv/${name}`, { title: `${name} at ${(hostvars[name] as { port: number }).port}` }),
      ),
  });
  expect(await tasks(ports)).toEqual(['db1 at 5432', 'db2 at 5432']);
});

it('a variable that is given in a run alone is named in place of the tasks that need it', async () => {
  const app = role({
    name: 'app',
    vars: { release: { type: 'string', required: true } },
    tasks: ({ vars }) => [directory(`/srv/${vars.release}`)],
  });
  expect(await tasks(app)).toEqual(['(needs release, which is not set)']);
});

it('tasks that only facts of a host decide are named as that, and mistakes end the list', async () => {
  const mounts = role({
    name: 'data',
    facts: ['mounts'],
    tasks: ({ facts }) =>
      facts.mounts
        .slice(0, 1)
        .concat(undefined as never)
        .map(({ path }) => directory(path)),
  });
  expect(await tasks(mounts)).toEqual(['(which tasks hangs on what the host is like)']);
  const wrong = role({ name: 'web', tasks: () => [directory('etc/relative')] });
  await expect(tasks(wrong)).rejects.toMatchObject({ exitCode: 1 });
});
