import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { page } from '../../../lib/report/page/page.ts';
import type { RecordedRun } from '../../../lib/report/record/read-runs.ts';
import { recordedRun } from '../../unit/report/recorded.ts';
import { evilRun, FAILED } from '../../unit/report/runs.ts';
import { change, recap, start, task } from '../../unit/report/streams.ts';
import { startBrowser } from '../support/browser.ts';
import { describeBrowser } from '../support/describeLab.ts';

const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };

/** A run on so many hosts, whose tasks have long names. */
function fleetRun(count: number): RecordedRun {
  const hosts = Array.from({ length: count }, (_, i) => `member-${i + 1}.eu-central-1.example.net`);
  const titles = Array.from(
    { length: 40 },
    (_, i) => `/etc/app/conf.d/${i}-settings.conf has its content, mode and owner`,
  );
  const tasks = hosts.flatMap((host) =>
    titles.map((title, i) =>
      task(host, { task: title, changes: i % 7 === 0 ? [change({ diff: ['-old', '+new'] })] : [] }),
    ),
  );
  return recordedRun([
    start(...hosts),
    ...tasks,
    recap(Object.fromEntries(hosts.map((host) => [host, { changed: 6 }]))),
  ]);
}

describeBrowser('the page of a run in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-page-'));
  let browser: Browser;
  let wrong: string[] = [];
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    wrong = [];
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Opens the page of these runs; `wrong` has what it asked for from elsewhere, and what went wrong in it. */
  async function open(
    runs: readonly RecordedRun[],
    { fragment = '', viewport = WIDE, colorScheme = 'light' as 'light' | 'dark' } = {},
  ): Promise<Page> {
    const file = join(folder, 'run.html');
    writeFileSync(file, await page(runs));
    const opened = await browser.newPage({ viewport, colorScheme });
    opened.on('request', (request) => {
      if (!request.url().startsWith(pathToFileURL(file).href)) wrong.push(request.url());
    });
    opened.on('console', (message) => wrong.push(message.text()));
    opened.on('pageerror', (error) => wrong.push(error.message));
    await opened.goto(pathToFileURL(file).href + fragment);
    return opened;
  }

  it('finds what is searched for, and shows nothing else', async () => {
    const shown = await open([recordedRun(FAILED)], { fragment: '#q=etcd02' });
    const rows = shown.locator('#hosts tbody tr');
    expect(await rows.filter({ hasText: 'etcd02' }).first().isVisible()).toBe(true);
    expect(await rows.filter({ hasText: 'etcd01' }).first().isVisible()).toBe(false);
    await shown.locator('input').fill('nothing-like-it');
    expect(await shown.locator('#none').isVisible()).toBe(true);
    await shown.locator('input').fill('');
    expect(await rows.filter({ hasText: 'etcd01' }).first().isVisible()).toBe(true);
    expect(wrong).toEqual([]);
  });

  it('opens a diff by a click', async () => {
    const shown = await open([recordedRun(FAILED)]);
    const line = shown.locator('pre.d', { hasText: 'heartbeat: 250' });
    expect(await line.isVisible()).toBe(false);
    await shown.locator('details', { has: line }).locator('summary').first().click();
    expect(await line.isVisible()).toBe(true);
  });

  it.each([3, 30, 100])(
    'of %i hosts fits the window, on a desk and on a phone, light and dark',
    async (count) => {
      const runs = [fleetRun(count)];
      for (const viewport of [WIDE, PHONE])
        for (const colorScheme of ['light', 'dark'] as const) {
          const shown = await open(runs, { viewport, colorScheme });
          const [background, text] = await shown.evaluate<number[]>(
            `['backgroundColor', 'color'].map((name) => Number(/\\d+/.exec(getComputedStyle(document.body)[name])))`,
          );
          expect(await shown.evaluate('scrollTo(10_000, 0), scrollX')).toBe(0);
          expect((background ?? 0) > (text ?? 0)).toBe(colorScheme === 'light');
        }
      expect(wrong).toEqual([]);
    },
  );

  it('runs nothing of what hosts have said', async () => {
    const shown = await open([evilRun()], { fragment: '#q=onerror' });
    expect(await shown.locator('body').getAttribute('data-pwned')).toBe(null);
    expect(await shown.locator('img').count()).toBe(0);
    expect(await shown.locator('body').innerText()).toContain('onerror=');
    expect(wrong).toEqual([]);
  });
});
