import { absent, directory, file, group, play, playbook, role, user } from 'quorate';

const NUMBERS = [1, 2, 3, 4, 5, 6, 7];

const plain = role({
  name: 'plain',
  description: 'a group, a user, two folders, seven files, and one that is gone',
  tasks: () => [
    group('bench'),
    user('bench', { system: true, group: 'bench', home: '/srv/bench' }),
    directory('/srv/bench', { owner: 'bench', group: 'bench' }),
    directory('/srv/bench/conf', { owner: 'bench', group: 'bench', mode: '0750' }),
    ...NUMBERS.map((number) =>
      file(`/srv/bench/conf/${number}.conf`, {
        content: `name = ${number}\nlisten = 80${number}\n`,
        owner: 'root',
        group: 'bench',
        mode: '0640',
      }),
    ),
    absent('/etc/bench.old'),
  ],
});

export default await playbook(import.meta, { plays: [play({ hosts: 'all', roles: [plain] })] });
