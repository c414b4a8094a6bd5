import { describe, expect, it } from 'vitest';
import { admission } from '../../../../lib/etcd/survey/admit-version.ts';

/** What is refused or warned of on a cluster whose hosts have these variables. */
function admitted(version: string, vars = {}, isThere = false): readonly string[] {
  const { problems, warnings } = admission({ name: 'c' }, version, [vars], isThere);
  return [
    ...problems.map(({ exitCode, message, hint }) => `${exitCode} ${message}; ${hint}`),
    ...warnings.map((message) => `warning ${message}`),
  ];
}

const ALLOWED = { etcd_allow_unsafe_version: true };
const NEWER = 'is newer than what is known here (3.3 to 3.7): its settings, answers and rules may be others';

describe('a version', () => {
  it.each(['3.7.3', '3.7.99', '3.6.16', '3.5.34'])('of a known minor just works: %s', (version) => {
    expect(admitted(version)).toEqual([]);
  });

  it.each(['3.8.0-alpha.0', '3.8.0', '4.0.0'])('newer than what is known is refused: %s', (version) => {
    const refused = `3 c: etcd ${version} ${NEWER}; choose a release of 3.7, or set etcd_allow_unsafe_version: true`;
    expect(admitted(version)).toEqual([refused]);
    expect(admitted(version, {}, true)).toEqual([refused]);
    expect(admitted(version, ALLOWED)).toEqual([`warning c: etcd ${version} ${NEWER}`]);
  });

  it('with a data bug is not installed, and warned of where it runs', () => {
    const bug =
      'can damage the data of a member that is sent a snapshot during a defragmentation (below 3.6.5): https://github.com/etcd-io/etcd/pull/20650';
    const [refused] = admitted('3.6.4');
    expect(refused).toBe(
      `3 c: etcd 3.6.4 ${bug}; choose a later release, or set etcd_allow_unsafe_version: true`,
    );
    for (const said of [admitted('3.6.4', ALLOWED), admitted('3.6.4', {}, true)]) {
      expect(said[0]).toBe(`warning c: etcd 3.6.4 ${bug}`);
    }
  });

  it('with published security faults is warned of, by their advisories', () => {
    expect(admitted('3.7.0')).toEqual([
      expect.stringMatching(/^warning c: etcd 3\.7\.0 has published security faults.*GHSA-6vch-q96h-7gc3/),
    ]);
    const settings = { etcd_settings: { 'listen-client-http-urls': 'https://10.0.0.1:2381' } };
    expect(admitted('3.6.12', settings)[0]).toContain('GHSA-3wh4-j44w-pg92');
  });
});
