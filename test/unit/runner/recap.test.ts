import { expect, it } from 'vitest';
import type { RunEvent } from '../../../lib/runner/events.ts';
import { Recap } from '../../../lib/runner/recap.ts';

it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])('counts a host named %s', (host) => {
  const recap = new Recap(false);
  recap.count({ event: 'play', play: 'p', hosts: [host] });
  recap.count({ event: 'task', host, role: 'r', task: 't', status: 'ok', changes: [] });
  const event = recap.event(0) as Extract<RunEvent, { event: 'recap' }>;
  expect(Object.entries(event.hosts)).toEqual([[host, expect.objectContaining({ ok: 1 })]]);
  expect(JSON.stringify(event)).toContain(`"${host}":{"ok":1`);
});
