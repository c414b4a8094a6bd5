import type { Lab } from './lab.ts';
import { ROOT, runPlaybook } from './playbook.ts';

/**
 * Carries out what a hint of the doctor says, step by step, as a person would: commands on the hosts that it names,
 * other commands and playbooks from here. Words that are no command are left out; at least one step must be one.
 */
export async function carryOut(
  lab: Lab,
  hint = '',
  change = (step: string) => step,
): Promise<readonly string[]> {
  const said: string[] = [];
  for (const line of hint.split('\n')) {
    const step = change(line.replace(/^\s*(?:next|then): /, ''));
    const [, playbook, flags = ''] =
      /playbooks\/(\w+)\.js((?: -\w+ \S+| --(?:check|list|accept-downtime|rotate-ca)| --[\w-]+ [\w.,/-]+)*)/.exec(
        step,
      ) ?? [];
    const [, host, command = ''] = /^on (\w+): (.*)$/.exec(step) ?? [];
    const [, here] = /^here: (.*)$/.exec(step) ?? [];
    if (playbook !== undefined) {
      const args = argsOf(flags);
      const asks = ['certs', 'members', 'recover', 'restore'].includes(playbook) && !args.includes('--check');
      const [, inventory = lab.inventoryFile] = / -i (\S+)/.exec(flags) ?? [];
      const { code, errors } = await runPlaybook(lab, asks ? [...args, '-y'] : args, { playbook, inventory });
      said.push(`${step} → ${code} ${errors.map(({ message }) => message).join('; ')}`);
    } else if (host !== undefined) {
      const { code, stdout, stderr } = await lab.enter(host, command);
      said.push(`${step} → ${code} ${stdout}${stderr}`);
    } else if (here !== undefined) {
      const { code, stdout, stderr } = await lab.run('sh', ['-c', here], { cwd: ROOT });
      said.push(`${step} → ${code} ${stdout}${stderr}`);
    }
  }
  if (said.length === 0) throw new Error(`No step can be carried out: ${hint}`);
  return said;
}

/** Without the inventory, which the playbook gets apart. */
function argsOf(flags: string): readonly string[] {
  return flags
    .replace(/ -i \S+/, '')
    .trim()
    .split(' ')
    .filter(Boolean);
}
