import { describe, expect, it } from 'vitest';
import { networkFacts, parseNetworkFacts } from '../../../../lib/etcd/facts/network-facts.ts';
import { DEFAULTS } from '../../support/defaults.ts';

const host = (vars: object = {}) => {
  const hostvars = Object.fromEntries(
    ['one', 'two', 'three'].map((name, i) => [
      name,
      { ...DEFAULTS, etcd_address: `10.0.0.${i + 1}`, ...vars } as Record<string, unknown>,
    ]),
  );
  return { name: 'one', vars: hostvars.one ?? {}, hostvars };
};

describe('where packets leave from', () => {
  it('is asked once for all other members', () => {
    const { text } = networkFacts(host());
    expect(text).toContain("q_targets='10.0.0.2 10.0.0.3'");
    const here = { etcd_service_manager: 'process', ansible_connection: 'local' };
    expect(networkFacts(host(here)).text).toBe(':');
  });

  it('is the source that the kernel would take', () => {
    const out = `source 10.0.0.1 10.0.0.2 dev eth0
source 10.0.0.7 10.0.0.3 via 10.0.0.254 dev eth0
source FD00:0::1 fd00::2 from :: dev eth0 proto kernel
source 10.0.0.1 local 10.0.0.1 dev lo
source x y`;
    expect(parseNetworkFacts(out)).toEqual([
      { from: '10.0.0.1', to: '10.0.0.2' },
      { from: '10.0.0.7', to: '10.0.0.3' },
      { from: 'fd00::1', to: 'fd00::2' },
    ]);
  });
});
