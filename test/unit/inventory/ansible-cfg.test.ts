import { expect, it, onTestFinished, vi } from 'vitest';
import { inventoryOfAnsible, noteAnsibleCfg } from '../../../lib/inventory/ansible-cfg.ts';
import { Problems } from '../../../lib/inventory/checks/problems.ts';
import { write } from './support.ts';

function notesOn(text: string, env: Record<string, string> = {}): readonly string[] {
  const problems = new Problems();
  noteAnsibleCfg(write({ 'ansible.cfg': text }), problems, env);
  return problems.notes;
}

it('what ansible.cfg says of logins is told, with where to say it', () => {
  const text = `[defaults]
inventory = hosts
remote_user = deploy ; as everywhere
# private_key_file = ~/.ssh/x
Private_Key_File: ~/.ssh/deploy
host_key_checking = False
[privilege_escalation]
become=True
[ssh_connection]
ssh_args = -o ControlPersist=60s -J bastion
`;
  expect(notesOn(text)).toEqual([
    'ansible.cfg is not read: say remote_user (-u or ansible_user), private_key_file (ansible_ssh_private_key_file), host_key_checking (ansible_host_key_checking), become (-b or ansible_become), ssh_args (ansible_ssh_args)',
  ]);
});

it.each([
  '[defaults]\nforks = 50\nroles_path = roles\nhost_key_checking = True\nremote_user =\n',
  '[privilege_escalation]\nbecome = no\nbecome_user = root\nbecome_method = sudo\n',
  '[ssh_connection]\nssh_args = -C -o ControlMaster=auto -o ControlPersist=60s\npipelining = True\n',
  '[other]\nremote_user = x\n',
])('what changes nothing is not: %j', (text) => {
  expect(notesOn(text)).toEqual([]);
});

it('variables that Ansible reads are told with it, and win over it', () => {
  const text = '[defaults]\ntimeout = 60\nremote_user = deploy\nhash_behaviour = merge\n';
  const env = {
    ANSIBLE_TIMEOUT: '10',
    ANSIBLE_HOST_KEY_CHECKING: 'False',
    ANSIBLE_BECOME_METHOD: 'su',
    ANSIBLE_VAULT_PASSWORD_FILE: 'read',
  };
  expect(notesOn(text, env)).toEqual([
    'ansible.cfg and variables of Ansible are not read: say remote_user (-u or ansible_user), ANSIBLE_HOST_KEY_CHECKING (ansible_host_key_checking); here is no hash_behaviour (of two mappings the later one counts, whole), ANSIBLE_BECOME_METHOD (sudo is the one way)',
  ]);
});

it('what stands in a file that ANSIBLE_CONFIG names, or else in ~/.ansible.cfg, is told of that', () => {
  const [here, folder] = [write({ x: '' }), write({ 'ansible.cfg': '[defaults]\nask_pass = yes\n' })];
  const problems = new Problems();
  for (const env of [folder, `${folder}/ansible.cfg`])
    noteAnsibleCfg(here, problems, { ANSIBLE_CONFIG: env });
  expect(problems.notes).toEqual([`${folder}/ansible.cfg is not read: say ask_pass (-k)`]);
  const home = write({ '.ansible.cfg': '[defaults]\ntimeout = 60\n' });
  vi.stubEnv('HOME', home);
  onTestFinished(() => void vi.unstubAllEnvs());
  const others = new Problems();
  noteAnsibleCfg(here, others, {});
  expect(others.notes).toEqual([`${home}/.ansible.cfg is not read: say timeout (ansible_timeout)`]);
});

it.each([
  ['[defaults]\ninventory = hosts.ini\n', {}, { source: 'ansible.cfg', path: 'hosts.ini' }],
  [
    '[defaults]\ninventory = hosts.ini\n',
    { ANSIBLE_INVENTORY: 'prod' },
    { source: 'ANSIBLE_INVENTORY', path: 'prod' },
  ],
  ['[defaults]\ninventory =\n', {}, undefined],
])('the inventory that Ansible would take: %j %j', (text, env, found) => {
  expect(inventoryOfAnsible(write({ 'ansible.cfg': text }), env)).toEqual(found);
});
