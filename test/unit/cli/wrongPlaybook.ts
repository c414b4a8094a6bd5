import { playbook } from '../../../lib/cli/playbook.ts';
import { play } from '../../../lib/dsl/plain-play.ts';
import { role } from '../../../lib/dsl/role.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import { command } from '../../../lib/resources/command.ts';
import { file } from '../../../lib/resources/file.ts';

/** As JavaScript would pass it: `never` fits everywhere. */
const web = role({
  name: 'web',
  vars: { port: { type: 'integer', default: process.env.WRONG === 'vars' ? 'x' : 80 } },
  tasks: () => [
    file('/nonexistent/a', { content: '', mdoe: '0600' } as never),
    command('it is done', { run: sh`touch /nonexistent/b` } as never),
  ],
});
const wrong = process.env.WRONG === 'play' ? { host: 'all', role: [web] } : { hosts: 'all', roles: [web] };
const meta = process.env.WRONG === 'meta' ? import.meta.url : import.meta;
await playbook(meta as never, { plays: [play(wrong as never)] });
