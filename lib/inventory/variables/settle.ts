import type { VarSchema } from '../../dsl/role.ts';
import { QuorateError } from '../../errors.ts';
import { refuseDuplicates } from '../checks/duplicates.ts';
import { checkNames } from '../checks/names.ts';
import { Problems } from '../checks/problems.ts';
import { refuseOptions } from '../checks/refused.ts';
import { keepNamedSecrets } from '../checks/secrets.ts';
import { loadVarChecker, type VarChecker } from '../checks/validate.ts';
import { addressOf, type ConnectionDefaults, connectionOf, kindOf } from '../connection.ts';
import type { InventoryHost, SettledHost, SettledInventory, SettleOptions } from '../inventory.ts';
import type { Host } from '../tree.ts';
import { CONNECTION_VARS, counting, type Evaluate, isOfSsh, type Setting } from './settings.ts';
import { Float, partsOf, plainValue, type Raw, Vaulted } from './value.ts';
import type { Candidate, Variables } from './variables.ts';

export interface Settler {
  readonly hosts: ReadonlyMap<string, Host>;
  readonly variables: Variables;
  readonly schema: VarSchema;
  readonly defaults: ConnectionDefaults;
  readonly evaluate: Evaluate;
}

/** Evaluates what roles and connections read of some hosts; see `Inventory.settle`. */
export async function settle(settler: Settler, options: SettleOptions): Promise<SettledInventory> {
  const problems = new Problems();
  const known = options.hosts.map((host) => [host, settler.hosts.get(host.name) as Host] as const);
  const foreign = lookAtNames(
    settler,
    known.map(([, host]) => host),
    problems,
  );
  const checker = (await loadVarChecker())(settler.schema);
  const ready = new Map<string, Ready>();
  for (const [listed, host] of known)
    ready.set(host.name, await settleHost(settler, { listed, host, checker, problems, ...options }));
  const contacts = options.contacts?.([...ready.values()].map(({ settled }) => settled)) ?? [];
  for (const name of new Set(contacts.map((host) => host.name)))
    await connectHost(settler, ready.get(name) as Ready, problems);
  const hosts = [...ready.values()].map(({ settled }) => settled);
  await refuseDuplicates(hosts, problems);
  problems.throwIfAny();
  // For roles that declare no variables, as those of `exec`, every variable is another's.
  const isTold = foreign.length > 0 && Object.keys(settler.schema).length > 0;
  const unused = isTold ? [`not used here: ${[...foreign].sort().join(', ')}`] : [];
  return {
    hosts: new Map(hosts.map((host) => [host.name, host])),
    notices: [...problems.notes, ...unused],
  };
}

/** The names of all variables of these hosts; what is a secret by its name, and not declared as none, is masked from here on. */
function lookAtNames(
  { variables, schema }: Settler,
  hosts: readonly Host[],
  problems: Problems,
): readonly string[] {
  const all = variables.ofAll(hosts);
  for (const { name, value } of all) if (schema[name]?.secret !== false) keepNamedSecrets(name, value);
  return checkNames(all, schema, problems);
}

interface Ready {
  settled: SettledHost;
  readonly host: Host;
  readonly all: ReadonlyMap<string, readonly Candidate[]>;
  readonly settings: Map<string, Setting>;
}

interface HostOptions extends SettleOptions {
  readonly listed: InventoryHost;
  readonly host: Host;
  readonly checker: VarChecker;
  readonly problems: Problems;
}

async function settleHost(settler: Settler, options: HostOptions): Promise<Ready> {
  const { listed, host, checker, problems, except = new Set() } = options;
  const { name } = host;
  for (const error of settler.variables.unreadOf(host)) problems.addError(error);
  const all = settler.variables.of(host);
  const settings = new Map<string, Setting>();
  const read = ['ansible_host', 'ansible_connection', ...Object.keys(settler.schema)];
  const wanted = read.filter((each) => !except.has(each));
  for (const each of wanted) await addSetting(settler, { host, all, settings, problems }, each);
  const kind = kindOf(settings);
  const settled: SettledHost = {
    ...listed,
    kind,
    address: addressOf(name, settings, problems),
    vars: checker.check(name, settings, problems, kind === 'local'),
    connection: undefined,
    origin: (variable) => {
      const found = counting(all, variable);
      if (found === undefined || except.has(variable)) return 'default';
      return found.position ?? 'extra-vars';
    },
  };
  return { settled, host, all, settings };
}

async function connectHost(settler: Settler, ready: Ready, problems: Problems): Promise<void> {
  const { host, all, settings } = ready;
  const isLocal = kindOf(settings) === 'local';
  for (const name of Object.keys(CONNECTION_VARS))
    if (!settings.has(name) && !(isLocal && isOfSsh(name)))
      await addSetting(settler, { ...ready, problems }, name);
  if (!isLocal) refuseOptions(all, problems);
  const connection = connectionOf(host, settings, settler.defaults, problems);
  ready.settled = { ...ready.settled, connection };
}

interface Into {
  readonly host: Host;
  readonly all: ReadonlyMap<string, readonly Candidate[]>;
  readonly settings: Map<string, Setting>;
  readonly problems: Problems;
}

/** Types that take a float as the number that it is, or as the text that was written. */
const ONE_TEXT: readonly unknown[] = ['string', 'number', 'integer'];

/** Evaluates a variable that is read; one that can't be is a problem where it is written. */
async function addSetting({ evaluate, schema }: Settler, into: Into, name: string): Promise<void> {
  const found = counting(into.all, name);
  if (found === undefined) return;
  try {
    const plain = plainValue(found.value);
    const { value } = plain ?? { value: await evaluate(found, into.host) };
    // A template may say `omit`.
    if (value === undefined) return;
    const { position, folder, written } = found;
    const float = floatIn(found.value);
    if (float !== undefined && schema[name] !== undefined && !ONE_TEXT.includes(schema[name].type))
      into.problems.note(
        `${name} has ${float.text}, which its role gets as ${float.value}: quote it where it is not a number`,
        position,
      );
    into.settings.set(name, {
      ...{ value, position, folder },
      ...(written !== undefined && { written }),
      ...(plain === undefined && { template: templateOf(found.value) }),
    });
  } catch (error) {
    if (!(error instanceof QuorateError)) throw error;
    into.problems.addError(error);
  }
}

/** A float without a fraction, as 8.0 in a list of versions: JavaScript has no such number. */
function floatIn(raw: Raw): Float | undefined {
  if (raw instanceof Float) return raw;
  for (const one of partsOf(raw)) {
    const found = floatIn(one);
    if (found !== undefined) return found;
  }
  return undefined;
}

function templateOf(raw: Raw): string {
  return typeof raw === 'string' ? raw : raw instanceof Vaulted ? 'the vault' : 'its template';
}
