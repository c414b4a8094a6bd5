import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { debianTree, libraryPath } from './releases/debTree.ts';

/** Debian's Chromium without a window. */
export async function browserProgram(): Promise<string> {
  return join(await tree(), 'usr/lib/chromium/chromium-headless-shell');
}

/** Starts a browser; whoever does closes it. */
export async function startBrowser(): Promise<Browser> {
  const env = {
    ...process.env,
    LD_LIBRARY_PATH: libraryPath(await tree()),
    FONTCONFIG_PATH: join(await tree(), 'etc/fonts'),
  };
  return chromium.launch({ executablePath: await browserProgram(), chromiumSandbox: false, env });
}

const tree = () => debianTree('browser', ['chromium-headless-shell']);
