import { expect, it } from 'vitest';
import { noteAnsibleCfg } from '../../../lib/inventory/ansible-cfg.ts';
import { Problems } from '../../../lib/inventory/checks/problems.ts';
import { write } from './support.ts';

function notesOn(text: string): readonly string[] {
  const problems = new Problems();
  noteAnsibleCfg(write({ 'ansible.cfg': text }), problems);
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
