import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeLab } from '../support/describeLab.ts';
import { must, waitFor } from '../support/host/process.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { isWhole } from '../support/long.ts';
import { Operator } from '../support/transport.ts';

const CANARY = 'not-the-password-7f3a';

describeLab('how hosts are reached', () => {
  let lab: Lab;
  let operator: Operator;
  beforeAll(async () => {
    lab = await startLab({ name: 'transport' });
    operator = new Operator(lab);
  });
  afterAll(async () => {
    operator?.remove();
    await lab?.stop();
  });
  const one = (vars: object, args: string[] = [], input?: string) =>
    operator.play({
      hosts: { etcd01: { ...operator.login, ...vars } },
      args,
      ...(input !== undefined && { input }),
    });
  const become = (user: string, password?: string) => ({
    ansible_user: user,
    ansible_become: true,
    ...(password !== undefined && { ansible_become_password: password }),
  });
  const keyOf = async (host: string) =>
    (await lab.ssh(host, 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')).stdout.split(' ')[1] as string;
  /** What sshd on etcd01 says of logins while `work` goes on. */
  const logins = async (work: () => Promise<unknown>) => {
    const { stdout } = await lab.ssh('etcd01', 'journalctl -n 0 --show-cursor -q | sed "s/^-- cursor: //"');
    await work();
    const log = await lab.ssh(
      'etcd01',
      `journalctl --sync; journalctl -q -o cat --after-cursor='${stdout.trim()}' -t sshd`,
    );
    return log.stdout;
  };

  it('as root, over IPv4, IPv6 and with a login shell that talks', async () => {
    await lab.ssh('etcd02', 'printf "echo welcome\\necho careful >&2\\n" >/root/.bashrc');
    const { login } = operator;
    const address6 = lab.hosts.find(({ name }) => name === 'etcd03')?.address6;
    const said = await operator.play({
      hosts: { etcd01: login, etcd02: login, etcd03: { ...login, ansible_host: address6 } },
    });
    expect(said.errors).toEqual([]);
    expect(said.users).toEqual(['etcd01: root', 'etcd02: root', 'etcd03: root']);
  });

  describe('through sudo', () => {
    it.each([
      ['NOPASSWD', become('admin'), 'root'],
      ['NOPASSWD, though a password is given', become('admin', 'of no use'), 'root'],
      ['with its password', become('ops', 'lab-sudo-pass'), 'root'],
      ['to another user', { ...become('admin'), ansible_become_user: 'ops' }, 'ops'],
      ['not at all where the login is that user', become('root'), 'root'],
    ])('%s', async (_, vars, user) => {
      const said = await one(vars, ['--check']);
      expect(said.errors).toEqual([]);
      expect(said.users).toEqual([`etcd01: ${user}`]);
    });

    it('with the password that -K asked for', async () => {
      const said = await one(become('ops'), ['--check', '-K'], 'lab-sudo-pass\n');
      expect(said.users).toEqual(['etcd01: root']);
    });

    it('fails within 10 s for a wrong password, which is shown nowhere', async () => {
      const log = join(operator.home, 'run.log');
      const said = await one(become('ops', CANARY), ['-vv', '--log', log]);
      expect(said.code).toBe(2);
      expect(said.errors[0]?.message).toMatch(/etcd01.*did not accept the password/);
      expect(said.seconds).toBeLessThan(10);
      expect(said.text + readFileSync(log, 'utf8')).not.toContain(CANARY);
      const { stdout } = await lab.ssh('etcd01', `journalctl -q | grep -c -- ${CANARY}`);
      expect(stdout.trim()).toBe('0');
    });

    it('says what is missing without a password', async () => {
      const said = await one(become('ops'));
      expect(said.code).toBe(2);
      expect(said.errors[0]).toMatchObject({ host: 'etcd01', hint: expect.stringContaining('-K') });
    });

    it.each([
      ['use_pty', 0, undefined],
      ['requiretty', 2, /requiretty/],
    ])('under sudoers %s', async (setting, code, hint) => {
      await lab.ssh('etcd01', `echo 'Defaults ${setting}' >/etc/sudoers.d/zz`);
      try {
        for (const vars of [become('admin'), become('ops', 'lab-sudo-pass')]) {
          const said = await one(vars, ['--check']);
          expect(said.code).toBe(code);
          if (hint) expect(said.errors[0]?.hint).toMatch(hint);
          expect(said.seconds).toBeLessThan(10);
        }
      } finally {
        await lab.ssh('etcd01', 'rm /etc/sudoers.d/zz');
      }
    });
  });

  describe('with host keys', () => {
    const withFile = (text: string, extra = '') => {
      const file = operator.file('known', text);
      return {
        ansible_password: CANARY,
        ansible_ssh_common_args: `-o UserKnownHostsFile=${file}${extra}`,
      };
    };

    it('refuses an unknown one before any login', async () => {
      let said = await one({}, ['--check']);
      const heard = await logins(async () => {
        said = await one(withFile(''));
      });
      expect(said.code).toBe(5);
      expect(said.errors[0]).toMatchObject({ host: 'etcd01', hint: expect.stringContaining('--trust') });
      expect(said.errors[0]?.message).toContain(await keyOf('etcd01'));
      expect(heard).toContain('10.0.52.1 ');
      expect(heard).not.toMatch(/Accepted|Failed|authenticating user/);
    });

    it('refuses a changed one before any login, with both fingerprints', async () => {
      const known = readFileSync(lab.knownHostsFile, 'utf8').split('\n');
      const other = known.find((line) => line.startsWith('etcd02,'))?.replace(/^\S+/, '10.0.52.13');
      let said = await one({}, ['--check']);
      const heard = await logins(async () => {
        said = await one(withFile(`${other}\n`));
      });
      expect(said.code).toBe(5);
      expect(said.errors[0]?.message).toContain(await keyOf('etcd01'));
      expect(said.errors[0]?.message).toContain(await keyOf('etcd02'));
      expect(heard).toContain('10.0.52.1 ');
      expect(heard).not.toMatch(/Accepted|Failed|authenticating user/);
    });

    it('accept-new records an unknown one and refuses another later', async () => {
      const vars = withFile('', ' -o StrictHostKeyChecking=accept-new');
      expect((await one(vars)).users).toEqual(['etcd01: root']);
      expect(readFileSync(join(operator.home, 'known'), 'utf8')).toMatch(/^10\.0\.52\.13 ssh-ed25519 /);
      expect((await one({ ...vars, ansible_host: '10.0.52.13' })).code).toBe(0);
      const text = readFileSync(join(operator.home, 'known'), 'utf8');
      operator.file('known', text.replace('10.0.52.13', '10.0.52.14'));
      expect((await one({ ...vars, ansible_host: '10.0.52.14' })).code).toBe(5);
    });

    it('--trust asks on the terminal, one host after the other, and records what is trusted', async () => {
      const vars = { ...operator.login, ...withFile('# without a last newline') };
      const play = { hosts: { etcd01: vars, etcd02: vars, etcd03: vars }, args: ['--trust'] };
      const child = operator.start(play, (line) => ['script', '-qec', line.join(' '), '/dev/null']);
      let seen = '';
      let answered = 0;
      child.stdout?.on('data', (chunk: Buffer) => {
        seen += chunk.toString();
        for (; answered < seen.split('[y/N/all]').length - 1; answered += 1)
          child.stdin?.write(seen.split('[y/N/all]')[answered]?.includes('etcd02: ssh') ? 'n\n' : 'y\n');
      });
      const code = await new Promise((resolve) => child.once('close', resolve));
      expect(code).toBe(5);
      expect(answered).toBe(3);
      expect(seen).toContain(await keyOf('etcd02'));
      const known = readFileSync(join(operator.home, 'known'), 'utf8').split('\n');
      expect(known[0]).toBe('# without a last newline');
      expect(
        known
          .slice(1)
          .map((line) => line.split(' ')[0])
          .sort(),
      ).toEqual(['', '10.0.52.13', '10.0.52.6']);
      const again = await operator.play({ hosts: { etcd01: vars, etcd03: vars } });
      expect(again.code).toBe(0);
    });
  });

  describe('with a key that has a passphrase', () => {
    let locked: string;
    beforeAll(async () => {
      locked = operator.file('locked', readFileSync(lab.keyFile, 'utf8'));
      await must('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'a passphrase', '-f', locked]);
    });

    it('names the host, the file and ssh-add', async () => {
      const said = await one({ ansible_ssh_private_key_file: locked });
      expect(said.code).toBe(4);
      expect(said.errors[0]?.message).toContain('etcd01');
      expect(`${said.errors[0]?.message} ${said.errors[0]?.hint}`).toContain(locked);
      expect(said.errors[0]?.hint).toContain('ssh-add');
    });

    it('takes it from the agent, named or not', async () => {
      const socket = join(operator.home, 'agent');
      const agent = lab.spawn('ssh-agent', ['-D', '-a', socket]);
      try {
        await waitFor('the agent', 5000, () => existsSync(socket) || undefined);
        await must('ssh-add', ['-q', lab.keyFile], { env: { SSH_AUTH_SOCK: socket } });
        for (const file of [locked, undefined]) {
          const vars = { ...operator.login, ansible_ssh_private_key_file: file };
          const said = await operator.play({
            hosts: { etcd01: JSON.parse(JSON.stringify(vars)) },
            env: { SSH_AUTH_SOCK: socket },
          });
          expect(said.errors).toEqual([]);
          expect(said.users).toEqual(['etcd01: root']);
        }
      } finally {
        agent.kill();
      }
    });
  });

  describe('by ssh_config and what it names', () => {
    /** A host that goes by ~/.ssh/config alone. */
    const byConfig = async (config: string, vars: object = {}, env: Record<string, string> = {}) => {
      const text = `Host *\n UserKnownHostsFile ${lab.knownHostsFile}\n${config}`;
      operator.file('.ssh/config', text);
      try {
        return await operator.play({
          hosts: { etcd01: { ansible_user: 'root', ...vars } },
          env,
          args: ['-vv'],
        });
      } finally {
        operator.file('.ssh/config', '');
      }
    };

    it('through a ProxyCommand, of OpenSSH itself, from the inventory and from the file', async () => {
      const { address } = lab.hosts.find(({ name }) => name === 'etcd02') as { address: string };
      const command = `ssh -q -i ${lab.keyFile} -o UserKnownHostsFile=${lab.knownHostsFile} -W %h:%p root@${address}`;
      const { login } = operator;
      const args = `${login.ansible_ssh_common_args} -o ProxyCommand="${command}"`;
      const comesThrough = new RegExp(
        `(Accepted publickey for|Disconnected from user) root (from )?${address} `,
      );
      const byInventory = await logins(async () => {
        expect((await one({ ansible_ssh_common_args: args })).users).toEqual(['etcd01: root']);
      });
      expect(byInventory).toMatch(comesThrough);
      const byFile = await logins(async () => {
        const said = await byConfig(`IdentityFile ${lab.keyFile}\nProxyCommand ${command}\n`);
        expect([said.users, said.errors]).toEqual([['etcd01: root'], []]);
      });
      expect(byFile).toMatch(comesThrough);
    });

    it('with a key that is named by its public half, of eight in the agent', async () => {
      const socket = join(operator.home, 'agent8');
      const agent = lab.spawn('ssh-agent', ['-D', '-a', socket]);
      try {
        await waitFor('the agent', 5000, () => existsSync(socket) || undefined);
        for (let i = 0; i < 7; i += 1) {
          const other = join(operator.home, `other${i}`);
          await must('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', other]);
          await must('ssh-add', ['-q', other], { env: { SSH_AUTH_SOCK: socket } });
        }
        await must('ssh-add', ['-q', lab.keyFile], { env: { SSH_AUTH_SOCK: socket } });
        const half = operator.file('named.pub', String(await must('ssh-keygen', ['-y', '-f', lab.keyFile])));
        for (const only of ['', 'IdentitiesOnly yes\n']) {
          const said = await byConfig(`IdentityFile ${half}\n${only}`, {}, { SSH_AUTH_SOCK: socket });
          expect([said.users, said.errors]).toEqual([['etcd01: root'], []]);
        }
        const many = await byConfig('', {}, { SSH_AUTH_SOCK: socket });
        expect(many.code).toBe(4);
        expect(many.errors[0]?.message).toMatch(
          /tried \d keys of the agent.*Too many authentication failures/,
        );
        expect(many.errors[0]?.hint).toContain('IdentitiesOnly');
      } finally {
        agent.kill();
      }
    });

    it('with unusable keys among good ones', async () => {
      const garbage = operator.file('garbage', 'not a key\n');
      const said = await byConfig(
        `IdentityFile ${garbage}\nIdentityFile /no/such\nIdentityFile ${lab.keyFile}\n`,
      );
      expect([said.users, said.errors]).toEqual([['etcd01: root'], []]);
      expect(said.text).toContain(`cannot use the key ${garbage}`);
    });

    it('where Match exec says so', async () => {
      const said = await byConfig(`Match exec "test %h = 10.0.52.13"\n IdentityFile ${lab.keyFile}\n`);
      expect([said.users, said.errors]).toEqual([['etcd01: root'], []]);
    });

    it('not at all where a line is wrong, with file and line', async () => {
      const said = await byConfig('Port x\n');
      expect([said.code, said.errors[0]]).toMatchObject([1, { position: { line: 3 } }]);
    });
  });

  describe('where sshd', () => {
    const during = async (begin: string, end: string, work: () => Promise<void>) => {
      await lab.ssh('etcd01', begin);
      try {
        await work();
      } finally {
        await lab.ssh('etcd01', end);
      }
    };
    const drop = '/etc/ssh/sshd_config.d/zz.conf';
    const ops = { ansible_user: 'ops', ansible_password: 'lab-sudo-pass' };

    it.each(['password,publickey', 'publickey,password', 'publickey,keyboard-interactive'])(
      'wants %s',
      async (methods) => {
        const lines = `PasswordAuthentication yes\\nKbdInteractiveAuthentication yes\\nMatch User ops\\n AuthenticationMethods ${methods}\\n`;
        await during(
          `printf '${lines}' >${drop} && systemctl reload ssh`,
          `rm ${drop} && systemctl reload ssh`,
          async () => {
            const said = await one(ops, ['--check']);
            expect([said.users, said.errors]).toEqual([['etcd01: ops'], []]);
            const without = await one({ ansible_user: 'ops' }, ['--check']);
            expect(without.code).toBe(4);
          },
        );
      },
    );

    it('lets nobody in for a while, or not this account any more: in its own words', async () => {
      await during('echo back at noon >/run/nologin', 'rm /run/nologin', async () => {
        const said = await one({ ansible_user: 'ops' }, ['--check']);
        expect(said.code).toBe(4);
        expect(said.errors[0]?.message).toContain('back at noon');
      });
      await during('usermod -e 1 ops', "usermod -e '' ops", async () => {
        const said = await one({ ansible_user: 'ops' }, ['--check']);
        expect(said.code).toBe(4);
        expect(said.errors[0]?.message).toMatch(/account has expired/);
      });
    });

    /** Each takes as long as a login may; `asked.test.ts` has more. */
    const LOGINS = [
      ['eats its input', 'exec cat >/dev/null'],
      ['waits', 'sleep 1000'],
      ['is another shell', 'exec sh'],
    ];
    it.each(isWhole('FAULTS') ? LOGINS : LOGINS.slice(0, 1))(
      'lets in, and the login %s: told within some 10 s',
      async (_, line) => {
        await during(
          `echo '${line}' >/home/ops/.bashrc`,
          'rm /home/ops/.bashrc; pkill -u ops || true',
          async () => {
            const said = await one({ ansible_user: 'ops', lab_script: 'touch /tmp/ran' }, []);
            expect(said.code).toBe(4);
            expect(said.errors[0]?.message).toMatch(/no shell came up within 1\d s/);
            expect(said.seconds).toBeLessThan(20);
            const { stdout } = await lab.ssh('etcd01', 'ls /tmp/ran 2>/dev/null; true');
            expect(stdout).toBe('');
          },
        );
      },
    );
  });
});
