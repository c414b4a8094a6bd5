import { closest, distance } from 'fastest-levenshtein';
import { EXIT, type ExitCode, QuorateError } from '../../errors.ts';
import { printDocument } from '../../report/document.ts';
import { PAGES, pageNamed } from './pages.ts';
import { readable } from './readable.ts';

/**
 * `quorate explain NAME`: what the doc comment of a resource, or of what else there is to import, says, with an example
 * and its options; a control word; what an Ansible user looks for, by Ansible's name; a page. Without a name, the list.
 */
export async function explain(args: readonly string[], command: string): Promise<ExitCode> {
  const [first, ...rest] = args;
  if (first === '-h' || first === '--help') {
    await printDocument(
      `usage: ${command} explain [NAME]\n\nTells what a resource does, how, and with which options; what a word of the DSL or of Ansible means; a page: ${PAGES.join(', ')}.\n`,
    );
    return EXIT.ok;
  }
  const text = first === undefined ? list(command) : explained([first, ...rest].join(' '), command);
  await printDocument(`${text.trimEnd()}\n`);
  return EXIT.ok;
}

/** All that can be asked for by one word of ours. */
export function explainable(): readonly string[] {
  const names = sections().filter(({ name }) => !name.includes(' '));
  return [...names.map(({ name }) => name), ...PAGES];
}

interface Section {
  readonly name: string;
  readonly text: string;
  /** A resource, and not another part of what there is to import. */
  readonly isResource: boolean;
}

/** The page that is made from the doc comments, by name. */
function sections(): readonly Section[] {
  const [resources = '', others = ''] = pageNamed('resources').split(/^# What else .*$/m);
  const of = (page: string, isResource: boolean) =>
    page
      .split(/^## /m)
      .slice(1)
      .map((section) => {
        const [name = '', ...text] = section.split('\n');
        return { name, text: text.join('\n').trim(), isResource };
      });
  return [...of(resources, true), ...of(others, false)];
}

function explained(name: string, command: string): string {
  const known = sections();
  const section = known.find((one) => folded(one.name) === folded(name));
  const page = PAGES.find((one) => folded(one) === folded(name));
  if (section === undefined && page !== undefined) return pageNamed(page);
  const parts = [
    section && readable(`${section.name}\n\n${section.text}`),
    controlWord(name, known),
    ...ofAnsible(name, known, command),
  ].filter((part) => part !== undefined);
  if (parts.length === 0) throw unknown(name, command);
  return parts.join('\n\n');
}

/** The option of every task that has this name. */
function controlWord(name: string, known: readonly Section[]): string | undefined {
  const { text = '' } = known.find((one) => one.name === EVERY_TASK) ?? {};
  const row = tableRows(text).find(([option = '']) => folded(option) === folded(name));
  if (row === undefined) return undefined;
  const [option = '', type = '', what = ''] = row;
  return `${option}: ${type}, an option of every task\n\n${what}`.trim();
}

const EVERY_TASK = 'Every task';

/** Where the table for Ansible users has the word on its left side: what it is here. */
function ofAnsible(name: string, known: readonly Section[], command: string): readonly string[] {
  // From any collection: `ansible.builtin.copy`, `community.general.ini_file`.
  const plain = name.replace(/^\w+\.\w+\./, '').toLowerCase();
  const isOurs = known.some((one) => one.name === name);
  return rawRows(pageNamed('from-ansible')).flatMap((row) => {
    const [theirs = '', here = '', note = ''] = row.map(withoutMarks);
    const words = theirs.split(/[,·]|\+/).map((word) => word.trim().split(':')[0]?.toLowerCase());
    if (isOurs || !words.includes(plain)) return [];
    const used = namesInCode(row[1] ?? '');
    const ours = known.filter(({ name: one }) => used.has(one));
    const more = ours.map((one) => `${command} explain ${one.name}`).join(', ');
    const text = [`Ansible's ${theirs}: ${here}`, note].filter(Boolean).join('; ');
    return [more === '' ? text : `${text}\n${more} tells more`];
  });
}

/** Names in the code of a cell: what stands between backticks, and in no text there. */
function namesInCode(cell: string): ReadonlySet<string> {
  const code = [...cell.matchAll(/(?<!\\)`(.+?)(?<!\\)`/g)].map(([, one = '']) => one);
  return new Set(code.flatMap((one) => one.replaceAll(/'[^']*'/g, '').match(/\w+/g) ?? []));
}

function tableRows(markdown: string): readonly (readonly string[])[] {
  return rawRows(markdown).map((row) => row.map(withoutMarks));
}

/** The cells of all tables, as they are written. */
function rawRows(markdown: string): readonly (readonly string[])[] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (option|Ansible) \|/.test(line))
    .map((line) => line.slice(1, -1).split(/(?<!\\)\|/));
}

function withoutMarks(cell: string): string {
  return cell
    .trim()
    .replaceAll(/\\([|`])/g, '$1')
    .replaceAll(/(?<!\\)`/g, '');
}

function folded(text: string): string {
  return text.toLowerCase().replaceAll(/[-_]/g, '');
}

function unknown(name: string, command: string): QuorateError {
  const names = explainable();
  const near = closest(folded(name), names);
  const meant =
    distance(folded(name), folded(near)) <= Math.min(2, name.length / 2) ? `did you mean ${near}? ` : '';
  return new QuorateError(`there is nothing to explain that is called ${name}`, {
    exitCode: EXIT.usage,
    hint: `${meant}${command} explain lists what there is`,
  });
}

function list(command: string): string {
  const all = sections().filter(({ name }) => name !== EVERY_TASK);
  const width = Math.max(...all.map(({ name }) => name.length));
  const lines = (some: readonly Section[]) =>
    some.map(({ name, text }) => `  ${name.padEnd(width)}  ${firstSentence(text)}`);
  return [
    'resources:',
    ...lines(all.filter(({ isResource }) => isResource)),
    '',
    'what else there is to import:',
    ...lines(all.filter(({ isResource }) => !isResource)),
    '',
    `pages: ${PAGES.join(', ')}`,
    '',
    `${command} explain file tells all of one; '${EVERY_TASK}' has what all tasks take; Ansible's names are known, too: ${command} explain lineinfile`,
  ].join('\n');
}

/** Whole, unless there is none: a colon or a semicolon ends no sentence. */
function firstSentence(text: string): string {
  const [paragraph = ''] = text.split('\n');
  return paragraph.split(/(?<=[.!?]) (?=[A-Z`])/)[0] ?? paragraph;
}
