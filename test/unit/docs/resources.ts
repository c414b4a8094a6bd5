import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = new URL('../../..', import.meta.url).pathname;

/** `docs/resources.md`, made from the doc comments of the resources. */
export function resourcesPage(): string {
  const files = ['lib/dsl', 'lib/resources', 'lib/cli', 'lib/kit'].flatMap(filesBelow);
  const texts = [...files, join(ROOT, 'lib/errors.ts')].map((file) => readFileSync(file, 'utf8'));
  const types = new Map(texts.flatMap(typesIn));
  const documented = new Map(texts.flatMap(documentedIn).map((one) => [one.name, one]));
  const sectionsOf = (names: readonly string[]) =>
    names
      .flatMap((name) => documented.get(name) ?? [])
      .sort((a, b) => a.name.localeCompare(b.name))
      .map(({ name, doc, example, options }) =>
        [
          `## ${name}`,
          doc,
          example && `\`\`\`ts\n${example}\n\`\`\``,
          options === undefined ? '' : tableOf(options, types),
        ]
          .filter(Boolean)
          .join('\n\n'),
      );
  const resources = [...exportsOf('lib/resources/index.ts'), 'block'];
  const others = ['package/index.ts', 'package/test.ts'].flatMap(exportsOf);
  return [
    '# Resources',
    '<!-- clone -->Made from the doc comments in `lib/resources`; `npx vitest run --project unit test/unit/docs -u` makes it anew. <!-- /clone -->Each takes its name first, then one object: its own options, and those of every task.',
    `## Every task\n\nAnsible’s control words, and what belongs to them: [the guide](guide.md#control-words) tells how they act.\n\n${tableOf(EVERY_TASK, types)}`,
    ...sectionsOf(resources),
    '# What else there is to import',
    'The DSL and the ways to run it from `quorate`, the kit of tests from `quorate/test`.',
    ...sectionsOf(others.filter((name) => !resources.includes(name))),
    '',
  ].join('\n\n');
}

/** The options that no resource says itself. */
const EVERY_TASK = 'TaskOptions';

interface Member {
  readonly name: string;
  readonly optional: boolean;
  readonly type: string;
  readonly doc: string;
}

interface Declared {
  readonly above: readonly string[];
  readonly members: readonly Member[];
}

const COMMENT = String.raw`\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*`;

function documentedIn(text: string) {
  const found = text.matchAll(
    new RegExp(`${COMMENT}export (?:async )?(?:const|function|class) (\\w+)(?=([\\s\\S]{0,200}))`, 'g'),
  );
  return [...found].map(([, comment = '', name = '', rest = '']) => {
    const [doc = '', example = ''] = plain(comment).split('@example');
    // Where several are taken, its own are those that it calls so: `run(playbook, options)`.
    const found = [/<\s*(\w+Options)\b/, /\boptions: (\w+Options)\b/, /: (\w+Options)\b/];
    const options = found.map((one) => one.exec(rest)?.[1]).find((one) => one !== undefined);
    return { name, doc: doc.replace(/\s*\n\s*/g, ' ').trim(), example: example.trim(), options };
  });
}

/** Names of values that a file gives on, not of types alone. */
function exportsOf(file: string): readonly string[] {
  const lists = readFileSync(join(ROOT, file), 'utf8').matchAll(/^export \{([^}]*)\}/gm);
  return [...lists].flatMap(([, list = '']) =>
    list
      .split(',')
      .map((one) => one.trim())
      .filter((one) => /^\w+$/.test(one)),
  );
}

function typesIn(text: string): readonly (readonly [string, Declared])[] {
  const found = text.matchAll(
    /export (?:interface|type) (\w+)([^{;]*)(?:;|\{([\s\S]*?)(?=\n\}|;\n\n|\nexport))/g,
  );
  return [...found].map(([, name = '', head = '', body = '']) => [
    name,
    {
      above: [...head.matchAll(/\b([A-Z]\w+)\b/g)].map(([, one = '']) => one),
      members: membersIn(body),
    },
  ]);
}

function membersIn(body: string): readonly Member[] {
  const found = body.matchAll(
    new RegExp(`(?:${COMMENT})?readonly (\\w+)(\\??): ((?:[^;{}]|\\{[^}]*\\})+?)(?=;| \\})`, 'g'),
  );
  return [...found].flatMap(([, doc = '', name = '', mark, type = '']) =>
    type === 'never'
      ? []
      : [
          {
            name,
            optional: mark === '?',
            type,
            doc: plain(doc)
              .replace(/\s*\n\s*/g, ' ')
              .trim(),
          },
        ],
  );
}

function membersOf(name: string, types: ReadonlyMap<string, Declared>, depth = 0): readonly Member[] {
  const { above = [], members = [] } = types.get(name) ?? {};
  const inherited = depth > 3 ? [] : above.flatMap((one) => membersOf(one, types, depth + 1));
  const all = new Map([...members, ...inherited].map((member) => [member.name, member]));
  for (const member of members) all.set(member.name, member);
  return [...all.values()];
}

function tableOf(name: string, types: ReadonlyMap<string, Declared>): string {
  const declared = new Set(types.get(name)?.members.map((member) => member.name));
  const everyTasks = new Set(membersOf(EVERY_TASK, types).map((member) => member.name));
  const lines = membersOf(name, types)
    .filter((member) => name === EVERY_TASK || declared.has(member.name) || !everyTasks.has(member.name))
    .filter((member) => member.name !== 'inTurn')
    .map(({ name: option, type, doc }) => `| \`${option}\` | \`${cell(type)}\` | ${cell(doc)} |`);
  return lines.length === 0 ? '' : ['| option | | |', '|---|---|---|', ...lines].join('\n');
}

function cell(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('|', '\\|').trim();
}

/** The text of a doc comment. */
function plain(comment: string): string {
  return comment.replace(/^\s*\* ?/gm, '').trim();
}

function filesBelow(folder: string): readonly string[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => join(ROOT, folder, name));
}
