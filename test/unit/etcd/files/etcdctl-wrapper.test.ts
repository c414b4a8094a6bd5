import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { closedEnvironment, etcdConf } from '../../../../lib/etcd/files/etcd-conf.ts';
import { etcdctlScript } from '../../../../lib/etcd/files/etcdctl-wrapper.ts';
import { memberOf } from '../../../../lib/etcd/model/cluster.ts';
import { bootstrapFile } from '../../../../lib/etcd/model/paths.ts';
import { surveyedOf } from '../../support/fake-cluster.ts';
import { scratch } from '../../support/scratch.ts';
import { SHELLS } from '../../support/shells.ts';

describe.each(SHELLS)('etcdctl for people, by %s', (_name, file = 'sh', ...args) => {
  function host(vars: object = {}, { old = false } = {}) {
    const root = join(scratch(), "it's here");
    const dirs = {
      etcd_bin_dir: `${root}/bin`,
      etcd_config_dir: `${root}/cfg`,
      etcd_cert_dir: `${root}/ssl`,
    };
    const { target } = surveyedOf([{ resolved: '10.0.0.1' }], { ...dirs, ...vars }).hosts[0]!;
    for (const dir of Object.values(dirs)) mkdirSync(dir, { recursive: true });
    const print =
      '#!/bin/sh\nfor one in "$@"; do printf "<%s>" "$one"; done; echo; env | grep ETCDCTL_ | sort\n';
    writeFileSync(`${root}/bin/etcdctl`, print, { mode: 0o755 });
    if (!old) writeFileSync(`${root}/bin/etcdutl`, '');
    const script = `${root}/cfg/etcdctl`;
    writeFileSync(script, etcdctlScript(memberOf(target)));
    writeFileSync(`${root}/cfg/etcd.conf`, etcdConf(target));
    const run = (env: Record<string, string> = {}) =>
      execFileSync(file, [...args, script, 'get', 'a key'], {
        encoding: 'utf8',
        env: { ...process.env, ...env },
        stdio: 'pipe',
      }).trim();
    const ssl = `<--cacert=${root}/ssl/ca.pem><--cert=${root}/ssl/server.pem><--key=${root}/ssl/server-key.pem>`;
    return {
      root,
      member: memberOf(target),
      run,
      asked: (url: string) => `<--endpoints=${url}>${ssl}<get><a key>`,
    };
  }

  it.each<[string, object, string]>([
    ['an address', {}, 'https://10.0.0.1:2379'],
    ['a name, which its certificate has', { etcd_address: 'db.example' }, 'https://db.example:2379'],
    [
      'where it listens',
      { etcd_address: 'db.example', etcd_listen_address: '10.0.0.7' },
      'https://10.0.0.7:2379',
    ],
    ['all addresses', { etcd_listen_address: '0.0.0.0' }, 'https://127.0.0.1:2379'],
    ['all of IPv6', { etcd_listen_address: '::' }, 'https://127.0.0.1:2379'],
    ['plain HTTP beside', { etcd_loopback_http: true }, 'https://10.0.0.1:2379'],
  ])('asks the member with its own certificate: %s', (_where, vars, url) => {
    const { run, asked } = host(vars);
    expect(run()).toBe(asked(url));
  });

  it.each([
    ['closed to clients is asked where it listens meanwhile', closedEnvironment, 'https://127.0.0.1:2379'],
    ['that joins is asked as ever', () => 'ETCD_INITIAL_CLUSTER="a=b"\n', 'https://10.0.0.1:2379'],
  ])('a member %s', (_who, started, url) => {
    const { member, run, asked } = host({ etcd_service_manager: 'process' });
    mkdirSync(dirname(bootstrapFile(member)));
    writeFileSync(bootstrapFile(member), started(member));
    expect(run()).toBe(asked(url));
  });

  it('takes nothing of the environment but other endpoints', () => {
    const { run, asked } = host();
    expect(
      run({ ETCDCTL_ENDPOINTS: 'https://10.0.0.2:2379', ETCDCTL_CERT: '/x', https_proxy: 'http://x' }),
    ).toBe(asked('https://10.0.0.2:2379'));
  });

  it('speaks API 3 where a version would not by itself', () => {
    const { run, asked } = host({}, { old: true });
    expect(run()).toBe(`${asked('https://10.0.0.1:2379')}\nETCDCTL_API=3`);
  });

  it('says what it cannot read', () => {
    const { root, run } = host();
    rmSync(`${root}/cfg/etcd.conf`);
    expect(run).toThrow(`${root}/cfg/etcd.conf cannot be read: become root, or the user of etcd`);
  });
});
