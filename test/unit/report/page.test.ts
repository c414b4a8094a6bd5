import { describe, expect, it } from 'vitest';
import { page } from '../../../lib/report/page/page.ts';
import type { RunEvent } from '../../../lib/runner/events.ts';
import { recordedRun } from './recorded.ts';
import { evilRun, FAILED } from './runs.ts';
import { change, recap, start, task } from './streams.ts';

describe('the page of a run', () => {
  it('says the outcome, who ran what and why, and what went wrong before all else', async () => {
    const text = await page([recordedRun(FAILED)]);
    for (const said of [
      '✗ failed on etcd02',
      'maria from laptop',
      'change 4711',
      'site -i prod.yaml',
      '20261127T130000Z-1a2b3c',
      'stop nginx',
      'bind: address in use',
    ])
      expect(text).toContain(said);
    expect(text.indexOf('What went wrong')).toBeLessThan(text.indexOf('What changed'));
    expect(text.indexOf('scope=row>etcd02')).toBeLessThan(text.indexOf('scope=row>etcd01'));
  });

  it('shows a diff that hosts share once, with their names', async () => {
    const text = await page([recordedRun(FAILED)]);
    expect(text.match(/heartbeat: 250/g)).toHaveLength(1);
    expect(text).toContain('file:/etc/motd on etcd[01:02]');
  });

  it('counts the scripts after the fortieth, and names their hosts', async () => {
    const hosts = Array.from({ length: 42 }, (_, i) => `h${i}`);
    const ran = (host: string, i: number) =>
      task(host, { changes: [change({ kind: 'run', text: { before: '', after: `sleep ${i}` } })] });
    const text = await page([recordedRun([start(...hosts), ...hosts.map(ran), recap({})])]);
    expect(text).toContain('<p class=n>on h39:</p><pre tabindex=0>sleep 39</pre>');
    expect(text).not.toContain('sleep 40');
    expect(text).toContain('… and 2 more scripts on h[40:41]');
  });

  it('tells facts by value with the hosts that have it, the odd one out apart', async () => {
    const facts = (host: string, kernel: string): RunEvent => ({
      event: 'facts',
      host,
      facts: { distribution: 'debian', kernel, addresses: ['10.0.0.1', '10.0.0.2'], mounts: [] },
    });
    const text = await page([
      recordedRun([
        start('a1', 'a2', 'a3'),
        facts('a1', '6.1'),
        facts('a2', '5.10'),
        facts('a3', '6.1'),
        recap({ a1: {}, a2: {}, a3: {} }),
      ]),
    ]);
    const section = /<section id=facts>.*?<\/section>/s.exec(text)?.[0] ?? '';
    expect(section).toContain('<span class=t>distribution</span> <span class=n>debian · 3 hosts</span>');
    expect(section).toContain('<span class=t>kernel</span> <span class=n>2 different · 3 hosts</span>');
    expect(section).toContain(
      '<li>6.1 <span class=n>a1, a3</span></li><li>5.10 <span class=n>a2</span></li>',
    );
    expect(section).toContain('10.0.0.1, 10.0.0.2');
    expect(section).toContain('none');
    expect(await page([recordedRun(FAILED)])).not.toContain('id=facts');
  });

  it('needs nothing else, and lets nothing run but its own script', async () => {
    const text = await page([recordedRun(FAILED)]);
    expect(text).not.toMatch(/(src|href)=["']?(?!#)|@import|url\(/);
    expect(text).toMatch(
      /Content-Security-Policy content="default-src &#39;none&#39;; style-src &#39;sha256-[^&]+&#39;; script-src &#39;sha256-/,
    );
    expect(text).not.toMatch(/ style=| on\w+=/);
  });

  it('is text, whatever hosts have said', async () => {
    const text = await page([evilRun()]);
    expect(text.match(/<script/g)).toHaveLength(1);
    expect(text.match(/<\/script/g)).toHaveLength(1);
    expect(text.match(/<\/style/g)).toHaveLength(1);
    expect(text).not.toMatch(/<img|\x1b|\u202e/);
  });

  it('of a run that was killed says so', async () => {
    expect(await page([recordedRun(FAILED.slice(0, 3))])).toContain('it was killed, or goes on');
  });

  it('of several runs tells each host of each run', async () => {
    const other = recordedRun(
      [start('etcd01', 'etcd03'), task('etcd01'), recap({ etcd01: { changed: 1 }, etcd03: {} })],
      '20261127T140000Z-4d5e6f',
    );
    const text = await page([recordedRun(FAILED), other]);
    expect(text).toContain('1 of 2 runs failed');
    for (const host of ['etcd01 · 1a2b3c', 'etcd01 · 4d5e6f', 'etcd02', 'etcd03'])
      expect(text).toContain(`scope=row>${host}<`);
  });

  it('of the shards of an inventory tells each host once', async () => {
    const all = ['etcd01', 'etcd02', 'etcd03'];
    const shards = all.map((host, i) =>
      recordedRun(
        [start(...all), { event: 'play', play: 'etcd', hosts: [host] }, task(host), recap({ [host]: {} })],
        `20261127T140000Z-00000${i}`,
      ),
    );
    const rows = [...(await page(shards)).matchAll(/scope=row>(etcd[^<]*)</g)].map(([, name]) => name);
    expect([...new Set(rows)]).toEqual(all);
  });

  it('tells an error of several hosts once, whenever each came', async () => {
    const lost = (host: string): RunEvent => ({
      event: 'error',
      message: `${host}: no room`,
      exitCode: 2,
      host,
    });
    const text = await page([
      recordedRun([start('a', 'b'), lost('a'), lost('b'), recap({}, { exitCode: 2 })]),
    ]);
    expect(text.match(/no room/g)).toHaveLength(1);
  });

  it('of 100 hosts stays small', async () => {
    const hosts = [...Array(100).keys()].map((i) => `etcd${i}`);
    const titles = [...Array(60).keys()].map((i) => `thing ${i} is there`);
    const tasks = hosts.flatMap((host) =>
      titles.map((title) => task(host, { task: title, status: 'ok', changes: [] })),
    );
    const text = await page([recordedRun([start(...hosts), ...tasks, recap({})])]);
    expect(text.length).toBeLessThan(300_000);
  });
});
