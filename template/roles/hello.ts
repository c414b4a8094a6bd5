import { directory, file, role } from 'quorate';

/** An example: what must be true on a host, as a list of tasks made from variables and facts. */
export const hello = role({
  name: 'hello',
  description: 'a greeting in a folder of its own',
  facts: ['distribution', 'version'],
  vars: {
    hello_dir: { type: 'string', default: '/var/tmp/hello', description: 'Where the greeting lies.' },
  },
  tasks: ({ host, vars, facts }) => [
    directory(vars.hello_dir),
    file(`${vars.hello_dir}/hello.txt`, {
      content: `This is ${host.name}, ${facts.distribution} ${facts.version}.\n`,
    }),
  ],
});
