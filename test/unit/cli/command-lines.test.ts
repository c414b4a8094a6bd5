import { expect, it } from 'vitest';
import { completeCommands } from '../../../lib/cli/command-lines.ts';

const PLAIN = { inventory: [], user: undefined, become: false, askBecomePass: false };

it.each([
  ['are whole without flags', PLAIN, 'next: npx tsx playbooks/site.ts -r certs'],
  [
    'get the inventories',
    { ...PLAIN, inventory: ['inventory/prod.yaml', "my lab's.yaml"] },
    "next: npx tsx playbooks/site.ts -i inventory/prod.yaml -i 'my lab'\\''s.yaml' -r certs",
  ],
  [
    'get the login',
    { inventory: ['a.yaml'], user: 'ops', become: true, askBecomePass: true },
    'next: npx tsx playbooks/site.ts -i a.yaml -u ops -b -K -r certs',
  ],
])('command lines in hints %s', (_name, options, hint) => {
  const event = {
    event: 'error',
    message: 'x',
    exitCode: 7,
    hint: 'next: npx tsx playbooks/site.ts -r certs',
  } as const;
  expect(completeCommands(event, options)).toEqual({ ...event, hint });
});
