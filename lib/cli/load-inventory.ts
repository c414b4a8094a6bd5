import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Role } from '../dsl/role.ts';
import { positionOf } from '../dsl/trace/position.ts';
import { EXIT, QuorateError, QuorateErrors } from '../errors.ts';
import { inventoryOfAnsible } from '../inventory/ansible-cfg.ts';
import { type Inventory, loadInventory } from '../inventory/index.ts';
import { fromHere } from '../paths.ts';
import { declaredVars } from './declared-vars.ts';
import type { Options } from './flags/options.ts';
import { askSecret } from './prompt.ts';
import type { PlaybookFile } from './start/playbook-file.ts';
import { isOurs, lineOf, type Started } from './start/started.ts';

/** Reads what a playbook is run on, with all that its roles declare. Throws exit code 1 for what is wrong there. */
export async function load(playbook: PlaybookFile, options: Options, started: Started): Promise<Inventory> {
  const roles = playbook.plays.flatMap((play) => play.roles);
  await checkSchemas(roles);
  const flags = playbook.plays.map(({ vars = {} }) => vars);
  const schema = declaredVars(flags, roles);
  return loadInventory({
    files: options.inventory.length > 0 ? options.inventory : [defaultInventory(playbook, started, options)],
    schema,
    mayBeEmpty: playbook.show !== undefined,
    extraVars: options.extraVars,
    vault: { files: options.vaultPasswordFiles, prompt: options.askVaultPass, ask: askSecret },
    playbookFolder: isOurs(started) ? process.cwd() : dirname(started.file),
    defaults: {
      ...(options.user !== undefined && { user: options.user }),
      ...(options.become && { become: true }),
    },
  });
}

/** Throws what is wrong with the variables of roles made by `role()`; those of ours are judged by the tests. */
async function checkSchemas(roles: readonly Role<never>[]): Promise<void> {
  const declaring = [...new Set(roles)].filter(
    ({ vars, writtenAt }) => writtenAt !== undefined && Object.keys(vars).length > 0,
  );
  if (declaring.length === 0) return;
  const { schemaProblems } = await import('../inventory/checks/schema.ts');
  const errors: QuorateError[] = [];
  for (const { name, vars, writtenAt } of declaring) {
    const position = positionOf(writtenAt);
    for (const { variable, message, hint } of await schemaProblems(vars))
      errors.push(
        new QuorateError(`role ${name}: variable ${variable}: ${message}`, {
          exitCode: EXIT.usage,
          ...(hint !== undefined && { hint }),
          ...(position && { position }),
        }),
      );
  }
  if (errors.length > 0) throw new QuorateErrors(errors);
}

/** Nothing is changed on hosts that nobody named: a playbook has an inventory of its own, or one beside it. */
function defaultInventory(
  { name, inventory }: PlaybookFile,
  started: Started,
  { local }: Pick<Options, 'local'>,
): string {
  const beside = dirname(started.file);
  if (inventory !== undefined && (local || !started.packaged)) return fromHere(resolve(beside, inventory));
  const here = started.packaged && isOurs(started);
  const folder = here ? process.cwd() : beside;
  const found = ['inventory.yaml', 'inventory']
    .map((one) => join(folder, one))
    .find((path) => existsSync(path));
  if (found !== undefined) return fromHere(found);
  const ansible = inventoryOfAnsible(process.cwd());
  const named = ansible && `${ansible.source}, which is not read, names -i ${ansible.path}`;
  const put = `put ${fromHere(join(folder, 'inventory.yaml'))} there`;
  const sample = inventory === undefined ? '' : `; ${lineOf(started, name)} --local takes this machine alone`;
  throw new QuorateError(
    `no inventory is named, and there is none ${here ? 'in this folder' : 'beside the playbook'}`,
    { exitCode: EXIT.usage, hint: named ?? `name an inventory with -i FILE, or ${put}${sample}` },
  );
}
