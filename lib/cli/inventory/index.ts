import { closest, distance } from 'fastest-levenshtein';
import { runId } from '../../dsl/common/run-id.ts';
import { redact } from '../../dsl/secret.ts';
import { EXIT, formatPosition, QuorateError, QuorateErrors } from '../../errors.ts';
import { jsonOf, pythonJson } from '../../inventory/formats/json-text.ts';
import { type Inventory, selectHosts } from '../../inventory/index.ts';
import { absentNotice } from '../../inventory/keys.ts';
import { isKept } from '../../inventory/variables/value.ts';
import { printDocument } from '../../report/document.ts';
import { escapeControls, escapeJson } from '../../report/text.ts';
import type { OwnFlag } from '../flags/flags.ts';
import type { Options } from '../flags/options.ts';
import { reportLines } from '../flags/usage.ts';
import { type Explained, explain, type Said } from './explained.ts';
import { Listed } from './listed.ts';
import { type Show, shower } from './masked.ts';

/** What `playbooks/inventory.ts` can show; one of the first five is wanted. */
export const INVENTORY_FLAGS: readonly OwnFlag[] = [
  { name: 'list', type: 'boolean', description: 'groups and the variables of all hosts, as JSON' },
  { name: 'host', type: 'string', placeholder: 'NAME', description: 'the variables of one host, as JSON' },
  { name: 'graph', type: 'boolean', description: 'the tree of groups; of one alone: --graph GROUP' },
  {
    name: 'explain',
    type: 'string',
    placeholder: 'HOST [VAR]',
    description: 'where the values of a host come from, and what they beat',
  },
  {
    name: 'connection',
    type: 'string',
    placeholder: 'HOST',
    description: 'what a connection to a host would use, in the form of ssh -G',
  },
  { name: 'vars', type: 'boolean', description: 'with --graph: variables, too' },
  { name: 'yaml', type: 'boolean', description: 'with --list and --host: YAML' },
  { name: 'show-secrets', type: 'boolean', description: 'show passwords and what was encrypted' },
];

/** Shows an inventory without contact to any host. Throws exit code 1 for what is not there. */
export async function showInventory(inventory: Inventory, options: Options): Promise<void> {
  const { limit, own, words } = options;
  const what = chosen(own, words);
  const show = shower(own['show-secrets'] === true);
  const hosts = limit === undefined ? inventory.hosts : selectHosts(inventory, limit, '--limit');
  const listed = new Listed(
    inventory,
    hosts.map(({ name }) => name),
    show,
  );
  inventory.keepSecrets();
  warn(inventory.notices);
  if (what === 'explain') {
    await printDocument(await explanation(inventory, options, show));
    if (options.output === 'json') await reportLines([], 'json', false);
  } else if (what === 'connection')
    await printDocument(`${show('connection', await connection(inventory, String(own.connection)))}\n`);
  else if (what === 'graph') {
    const top = words[0] ?? 'all';
    known(top, [...inventory.tree.keys()], 'group');
    if (own.vars === true) refuseUnread(inventory, hosts);
    await printDocument(`${listed.graph(top, own.vars === true).join('\n')}\n`);
  } else {
    const name = String(own.host);
    if (what === 'host')
      known(
        name,
        inventory.hosts.map((host) => host.name),
        'host',
      );
    refuseUnread(inventory, what === 'host' ? [{ name }] : hosts);
    const asYaml = own.yaml === true;
    const value = what === 'host' ? listed.host(name) : asYaml ? listed.nested() : listed.list();
    await printDocument(asYaml ? await yaml(value) : `${pythonJson(sorted(value), 4)}\n`);
  }
}

function warn(notices: readonly string[]): void {
  for (const notice of notices) process.stderr.write(`${escapeControls(redact(notice))}\n`);
}

const VIEWS = ['list', 'host', 'graph', 'explain', 'connection'] as const;

function chosen(own: Options['own'], words: readonly string[]): (typeof VIEWS)[number] {
  const given = VIEWS.filter((name) => own[name] !== undefined);
  const [what] = given;
  if (what === undefined || given.length > 1)
    throw usage(
      `${given.length > 1 ? 'only ' : ''}one of --list, --host, --graph, --explain and --connection is wanted`,
    );
  const stray = words[what === 'graph' || what === 'explain' ? 1 : 0];
  if (stray !== undefined) throw usage(`unexpected argument ${stray}`);
  return what;
}

function known(name: string, all: readonly string[], kind: 'group' | 'host' | 'variable'): void {
  if (all.includes(name)) return;
  const near = all.length > 0 ? closest(name, [...all]) : '';
  const isNear = near !== '' && distance(near, name) <= 2;
  const meant = isNear ? `did you mean ${near}?` : kind === 'variable' ? OF_A_ROLE : undefined;
  throw usage(`there is no ${kind} ${name} in this inventory`, meant);
}

const OF_A_ROLE =
  'a default of a role of yours stands in that role alone: what is asked here is what the inventory says';

async function connection(inventory: Inventory, name: string): Promise<string> {
  const hosts = inventory.hosts.filter((host) => host.name === name);
  known(
    name,
    inventory.hosts.map((host) => host.name),
    'host',
  );
  const { hosts: settled } = await inventory.settle({ hosts, contacts: (all) => all });
  const found = settled.get(name)?.connection;
  if (found === undefined || found.kind !== 'ssh') throw usage(`${name} is reached without ssh`);
  warn((found.absentKeys ?? []).map(absentNotice));
  const { connectionLines } = await import('../../transport/ssh/connection-lines.ts');
  return (await connectionLines(found)).join('\n');
}

/** What is in a file that cannot be read would be left out in silence. */
function refuseUnread(inventory: Inventory, hosts: readonly { readonly name: string }[]): void {
  const errors = new Set(hosts.flatMap(({ name }) => inventory.unreadOf(name)));
  if (errors.size > 0) throw new QuorateErrors([...errors]);
}

async function explanation(
  inventory: Inventory,
  { own, words, output }: Options,
  show: Show,
): Promise<string> {
  const host = String(own.explain);
  const [variable] = words;
  known(
    host,
    inventory.hosts.map(({ name }) => name),
    'host',
  );
  refuseUnread(inventory, [{ name: host }]);
  const explained = await explain(inventory, host, variable, show);
  if (variable !== undefined && explained.length === 0)
    known(variable, [...inventory.variablesOf(host).keys(), ...Object.keys(inventory.schema)], 'variable');
  const text =
    output === 'json' ? explained.map((one) => asEvent(host, one)) : explained.map((one) => asText(one));
  const failed = variable === undefined ? undefined : explained[0]?.error;
  if (failed === undefined) return text.join('');
  await printDocument(text.join(''));
  throw new QuorateErrors([failed]);
}

/** A line of `--output json`: the event `variable`. */
function asEvent(host: string, { variable, value, error, from, beats }: Explained): string {
  const event = {
    event: 'variable',
    time: new Date().toISOString(),
    runId: runId(),
    host,
    variable,
    ...(value !== undefined && { value }),
    ...(error !== undefined && { error: redact(error.message) }),
    from,
    beats,
  };
  return `${escapeJson(jsonOf(event, 0))}\n`;
}

/** `name: value`, then where it comes from and what it beat, a line each. */
function asText({ variable, value, error, from, beats }: Explained): string {
  const shown = error ? 'cannot be evaluated' : value === undefined ? 'not set' : pythonJson(value, 0);
  const written = jsonOf(from.value, 0) === jsonOf(value, 0) ? placed(from) : said(from);
  return [
    `${variable}: ${shown}`,
    ...(error ? [`  ${redact(error.message)}`] : []),
    ...(value === undefined && !error ? [] : [`  from   ${written}`]),
    ...beats.map((one) => `  beats  ${said(one)}`),
    '',
  ].join('\n');
}

function said(one: Said): string {
  const { value } = one;
  const vaulted = typeof value === 'object' && value !== null && '__ansible_vault' in value;
  return `${placed(one)}: ${vaulted ? '(encrypted)' : pythonJson(value, 0)}`;
}

function placed({ by, as, position }: Said): string {
  return `${position ? `${formatPosition(position)} ` : ''}${by}${as === undefined ? '' : ` as ${as}`}`;
}

/** Keys in order, on every level, as `ansible-inventory` has them. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null || isKept(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}

async function yaml(value: unknown): Promise<string> {
  const { listedYaml } = await import('../../inventory/formats/listed-yaml.ts');
  return listedYaml(sorted(value));
}

function usage(message: string, hint = '--help lists the options'): QuorateError {
  return new QuorateError(message, { exitCode: EXIT.usage, hint });
}
