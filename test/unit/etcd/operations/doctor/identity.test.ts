import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../../../lib/etcd/operations/doctor/diagnose.ts';
import { cluster, DOWN, MEMBERS, STATUS, WELL } from './scenes.ts';

/** A process that is this member, and tells this address. */
const as = (memberId: string, at: number) => ({
  reading: { ...WELL, status: { ...STATUS, memberId }, clientUrl: `https://10.0.0.${at}:2379` },
});

describe('a member that runs with the data of another one', () => {
  it('comes first, and one line gives both hosts a member of their own', () => {
    const [first, ...others] = diagnose(cluster({ 0: as('b1', 1), 1: DOWN, 2: as('b2', 3) }));
    expect(first).toMatchObject({
      cause: 'identity',
      hosts: ['etcd02', 'etcd03'],
      remedy: [`${MEMBERS} --replace etcd02,etcd03`],
    });
    expect(others.map(({ cause }) => cause)).not.toContain('stopped');
  });

  it('is replaced alone where the owner answers by itself', () => {
    const [first] = diagnose(cluster({ 0: as('b1', 1), 1: as('b2', 2), 2: as('b2', 3) }));
    expect(first).toMatchObject({ hosts: ['etcd03'], remedy: [`${MEMBERS} --replace etcd03`] });
  });

  it('is not replaced where the inventory may have its host under another name', () => {
    const swapped = diagnose(cluster({ 0: as('b1', 1), 1: as('b3', 3), 2: as('b2', 2) }));
    expect(swapped[0]).toMatchObject({ cause: 'swapped', hosts: ['etcd02', 'etcd03'] });
    expect(JSON.stringify(swapped)).not.toContain('--replace');
  });
});
