import { describe, expect, it } from 'vitest';
import type { Vars } from '../../../../../lib/dsl/role.ts';
import { certsProblems, isAskedFor, jobOf } from '../../../../../lib/etcd/operations/certs/flags.ts';

const problem = (vars: Vars, ...words: readonly string[]) =>
  certsProblems([{ name: 'etcd01', vars, hostvars: {} }], words).map(({ message }) => message)[0];

describe('the words of certs.ts', () => {
  it.each<[vars: Vars, words: readonly string[], wrong: string | undefined]>([
    [{}, [], undefined],
    [{}, ['etcd01'], 'unexpected argument etcd01'],
    [{ renew: true }, [], undefined],
    [{ renew: true }, ['etcd01', 'app'], undefined],
    [{ renew: true, all: true }, [], undefined],
    [{ renew: true, all: true }, ['etcd01'], '--all is all, and names are some'],
    [{ renew: true, 'new-keys': true }, [], '--new-keys for which?'],
    [{ renew: true, 'new-keys': true }, ['app'], undefined],
    [{ csr: 'out' }, [], undefined],
    [{ csr: 'out' }, ['etcd01'], undefined],
    [{ csr: 'out', client: 'app' }, [], undefined],
    [{ csr: 'out', client: '../x' }, [], '"../x" cannot be a client\'s name'],
    [{ csr: 'out', client: 'app' }, ['etcd01'], '--client names one, and the words after --csr name others'],
    [{ csr: 'out', import: '.' }, [], 'one at a time: --csr, --import'],
    [{ csr: 'out', renew: true }, [], 'one at a time: --renew, --csr'],
    [{ csr: 'out', all: true }, [], '--all means nothing here'],
    [{ import: '.' }, ['package.json'], undefined],
    [{ import: '/nowhere' }, [], 'there is no /nowhere'],
    [{ import: '.' }, ['nowhere'], 'there is no nowhere'],
    [{ import: '.', client: 'app' }, [], 'one at a time: --import, --client'],
    [{ all: true }, [], '--all means nothing here'],
    [{ client: 'patroni' }, [], undefined],
    [{ client: '../x' }, [], '"../x" cannot be a client\'s name'],
    [{ client: '$(touch x)' }, [], '"$(touch x)" cannot be a client\'s name'],
    [{ client: '' }, [], '"" cannot be a client\'s name'],
    [{ revoke: 'a'.repeat(65) }, [], `"${'a'.repeat(65)}" cannot be a client's name`],
    [{ client: 'a', revoke: 'a' }, [], 'one at a time: --client, --revoke'],
    [{ 'rotate-ca': true }, [], undefined],
    [{ 'rotate-ca': true, 'clients-ready': true, again: true }, [], undefined],
    [{ 'clients-ready': true }, [], '--clients-ready means nothing here'],
    [{ again: true, renew: true }, [], '--again means nothing here'],
    [{ 'accept-downtime': true, revoke: 'a' }, [], undefined],
    [{ crl: 'package.json', 'accept-downtime': true }, [], undefined],
    [{ crl: 'nowhere' }, [], 'there is no file nowhere'],
    [{ crl: '.' }, [], 'there is no file .'],
  ])('%j %j', (vars, words, wrong) => {
    expect(problem(vars, ...words)).toBe(wrong);
  });

  it('a CA that two clusters have is rotated for neither', () => {
    const hosts = ['a', 'b'].map((name) => {
      const vars = { etcd_cluster_name: name, etcd_pki_dir: '/srv/pki', 'rotate-ca': true };
      return { name: `${name}1`, vars, hostvars: {} };
    });
    expect(certsProblems(hosts, [])[0]?.message).toContain('/srv/pki is the folder of clusters a and b');
    expect(certsProblems(hosts.slice(0, 1), [])).toEqual([]);
    const other = hosts.map((host) => ({ ...host, vars: { ...host.vars, cluster: 'c' } }));
    expect(certsProblems(other, [])).toEqual([]);
  });

  it('asks before what restarts members or may fail a handshake, and before nothing else', () => {
    const asked = (vars: Vars) => [jobOf(vars), isAskedFor(vars)];
    expect(asked({})).toEqual(['look', false]);
    expect(asked({ renew: true })).toEqual(['renew', false]);
    expect(asked({ renew: true, all: true })).toEqual(['renew', false]);
    expect(asked({ renew: true, all: true, 'new-keys': true })).toEqual(['renew', true]);
    expect(asked({ client: 'a' })).toEqual(['client', false]);
    expect(asked({ revoke: 'a' })).toEqual(['revoke', true]);
    expect(asked({ 'rotate-ca': true })).toEqual(['rotate-ca', true]);
    expect(asked({ crl: 'x' })).toEqual(['crl', true]);
  });
});
