import {
  absent,
  authorizedKeys,
  directory,
  file,
  packages,
  role,
  Secret,
  service,
  sh,
  sysctl,
  timer,
  user,
} from 'quorate';

export const site = role({
  name: 'site',
  description: 'a site behind nginx, backed up by a timer',
  vars: {
    site_port: { type: 'integer', default: 80, description: 'Where it listens.' },
    site_sections: {
      type: 'array',
      items: { type: 'string' },
      default: ['news', 'about'],
      description: 'Folders.',
    },
    site_backup: { type: 'string', default: 'daily', description: 'When it is backed up.' },
    site_key: { type: 'string', required: true, description: 'SSH key of whoever publishes.' },
    site_token: { type: 'string', required: true, description: 'What publishing asks for.' },
  },
  facts: ['family', 'distribution'],
  tasks({ name, vars, facts }) {
    const page = `<h1>${name}</h1>\n<p>${facts.distribution}</p>\n`;
    const token = new Secret(`${vars.site_token}\n`);
    const conf = file('/etc/nginx/conf.d/site.conf', {
      content: `server {\n  listen ${vars.site_port};\n  root /srv/site;\n}\n`,
    });
    return [
      packages('nginx'),
      user('site', { system: true, home: '/srv/site', shell: '/bin/sh' }),
      directory('/srv/site', { owner: 'site', group: 'site' }),
      file('/srv/site/index.html', { content: page, owner: 'site' }),
      ...vars.site_sections.map((section) => directory(`/srv/site/${section}`, { owner: 'site' })),
      authorizedKeys('site', { keys: vars.site_key }),
      file('/etc/site.token', { content: token, mode: '0600', owner: 'site' }),
      ...(facts.family === 'debian' ? [absent('/etc/nginx/sites-enabled/default')] : []),
      conf,
      service('nginx', { reloadOn: [conf] }),
      sysctl('net.ipv4.tcp_fin_timeout', { value: 20 }),
      timer('site-backup', {
        calendar: vars.site_backup,
        run: sh`tar -czf /var/backups/site.tgz -C /srv site`,
      }),
    ];
  },
});
