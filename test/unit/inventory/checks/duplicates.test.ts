import { expect, it } from 'vitest';
import { ownHome, writeFiles } from '../../transport/support/real-ssh.ts';
import { load, refusal } from '../support.ts';

const home = ownHome();

/** Two hosts, with what an INI file says of each; `a.cfg` and `b.cfg` lie beside it. */
const two = (one: string, other: string) =>
  load(
    {
      hosts: `a ${one}\nb ${other}\n`,
      'a.cfg': 'Host web\n HostName 10.0.0.7\n Port 2222\nHost jumped\n ProxyJump bastion\n',
      'b.cfg': 'Host web\n HostName 10.0.0.8\nHost jumped\n ProxyJump bastion\n',
    },
    { inventories: ['hosts'] },
  );
const args = (text: string, address = '10.0.0.1') =>
  `ansible_host=${address} ansible_ssh_common_args='${text}'`;

it.each([
  ['ports', args('-o Port=2201'), args('-p 2202')],
  ['a port and none', args('-p 2201'), args('')],
  ['jump hosts', args('-J x'), args('-J y')],
  ['commands on the way', args('-o ProxyCommand="nc gw1 22"'), args('-o ProxyCommand="nc gw2 22"')],
  ['names', args('-o HostName=10.0.0.2'), args('-o HostName=10.0.0.3')],
  ['what ssh_config files make of a name', args('-F a.cfg', 'web'), args('-F b.cfg', 'web')],
  ['files that say what a jump host is', args('-F a.cfg', 'jumped'), args('-F b.cfg', 'jumped')],
])('hosts of one address that differ by %s are two hosts', async (_, one, other) => {
  expect((await two(one, other)).hosts).toHaveLength(2);
});

it.each([
  ['a port by argument and by variable', args('-p 2201'), 'ansible_host=10.0.0.1 ansible_port=2201'],
  ['a name in an ssh_config file', args('-F a.cfg', 'web'), 'ansible_host=10.0.0.7 ansible_port=2222'],
  ['HostName', args('-o HostName=10.0.0.2'), 'ansible_host=10.0.0.2'],
])('two ways to write one address are one host: %s', async (_, one, other) => {
  const [error] = await refusal(two(one, other));
  expect(error?.message).toMatch(/^b and a \(.*:1:1\) have the same address: 10\.0\.0\.\d port \d+$/);
});

it('what is wrong with ssh_config is not told here', async () => {
  writeFiles(home(), { config: 'Host 10.0.0.1\n Port none\n' });
  expect((await two(args(''), args(''))).hosts).toHaveLength(2);
});
