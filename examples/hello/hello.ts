import { directory, file, play, playbook, role } from '../../package/index.ts'; // 'quorate' in a project of yours

const hello = role({
  name: 'hello',
  description: 'a greeting',
  facts: ['distribution'],
  vars: { hello_dir: { type: 'string', default: '/var/tmp/hello', description: 'Where it lies.' } },
  tasks: ({ host, vars, facts }) => [
    directory(vars.hello_dir),
    file(`${vars.hello_dir}/hello.txt`, { content: `This is ${host.name}, ${facts.distribution}.\n` }),
  ],
});

await playbook(import.meta, { plays: [play({ hosts: 'all', roles: [hello] })] });
