import { role } from '../../lib/dsl/role.ts';
import { sh } from '../../lib/dsl/shell/sh.ts';
import { absent } from '../../lib/resources/absent.ts';
import { directory } from '../../lib/resources/directory.ts';
import { file } from '../../lib/resources/file.ts';
import { packages } from '../../lib/resources/packages/index.ts';
import { service } from '../../lib/resources/service/index.ts';
import { timer } from '../../lib/resources/timer.ts';
import { tree } from '../../lib/resources/tree/index.ts';
import { user } from '../../lib/resources/user/index.ts';
import { waitFor } from '../../lib/resources/wait-for.ts';
import { backup } from './backup.ts';

/** A site of files behind nginx, and a timer that backs it up. */
export const web = role({
  name: 'web',
  description: 'a site behind nginx, backed up by a timer',
  vars: {
    web_name: {
      type: 'string',
      pattern: '^[\\w.-]+$',
      default: '_',
      description: 'Name of the site: `server_name`.',
    },
    web_port: { type: 'integer', minimum: 1, maximum: 65535, default: 80, description: 'Where it listens.' },
    web_source: {
      type: 'string',
      format: 'path',
      optional: true,
      description: 'Folder of control with the files of the site; a page that says so when not set.',
    },
    web_backup: {
      type: 'string',
      default: 'daily',
      description: 'When it is backed up, as systemd.time(7) says it.',
    },
    web_backup_keep: { type: 'integer', minimum: 1, default: 7, description: 'How many backups are kept.' },
  },
  tasks({ vars }) {
    const conf = file('/etc/nginx/conf.d/site.conf', { content: siteConf(vars.web_name, vars.web_port) });
    return [
      packages('nginx curl'),
      user('web', { system: true, home: '/srv/www' }),
      directory('/srv/www'),
      tree('/srv/www/site', { source: vars.web_source ?? './www', owner: 'web', delete: true }),
      // Debian's own page, which would stand before ours.
      absent('/etc/nginx/sites-enabled/default'),
      conf,
      service('nginx', { reloadOn: [conf] }),
      waitFor('the site answers', {
        until: sh`curl -fsS -o /dev/null http://localhost:${vars.web_port}/`,
        timeout: 10,
      }),
      directory('/var/backups/site', { mode: '0750' }),
      timer('site-backup', {
        calendar: vars.web_backup,
        persistent: true,
        run: backup({
          parent: '/srv/www',
          name: 'site',
          to: '/var/backups/site',
          keep: vars.web_backup_keep,
        }),
      }),
    ];
  },
});

function siteConf(name: string, port: number): string {
  return `server {
  listen ${port};
  listen [::]:${port};
  server_name ${name};
  root /srv/www/site;
}
`;
}
