import { describe, expect, it } from 'vitest';
import { sshArguments } from '../../../../../lib/transport/ssh/config/arguments.ts';

const cases: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  ['', []],
  [
    '-o ControlMaster=auto -o ControlPersist=60s',
    [
      ['ControlMaster', 'auto'],
      ['ControlPersist', '60s'],
    ],
  ],
  ['-oControlPath="~/.ssh/%C"', [['ControlPath', '~/.ssh/%C']]],
  [`-o ProxyCommand="ssh -W %h:%p -q bastion"`, [['ProxyCommand', 'ssh -W %h:%p -q bastion']]],
  [`-o 'ProxyCommand=sh -c "nc %h %p"'`, [['ProxyCommand', 'sh -c "nc %h %p"']]],
  [
    `-o ProxyCommand='aws ssm start-session --parameters '"'"'portNumber=%p'"'"`,
    [['ProxyCommand', "aws ssm start-session --parameters 'portNumber=%p'"]],
  ],
  ['-o "ProxyJump a"', [['ProxyJump', 'a']]],
  ['-o "Port = 22"', [['Port', '22']]],
  [
    '-J a,b -Jc',
    [
      ['ProxyJump', 'a,b'],
      ['ProxyJump', 'c'],
    ],
  ],
  [
    '-4 -6C',
    [
      ['AddressFamily', 'inet6'],
      ['AddressFamily', 'inet'],
    ],
  ],
  [
    '-p 2222 -l bob -i "~/my key" -b ::1',
    [
      ['BindAddress', '"::1"'],
      ['Port', '"2222"'],
      ['User', '"bob"'],
      ['IdentityFile', '"~/my key"'],
    ],
  ],
  [
    '-o BindAddress=::2 -b ::1 -o Port=1 -p 2',
    [
      ['BindAddress', '"::1"'],
      ['BindAddress', '::2'],
      ['Port', '1'],
      ['Port', '"2"'],
    ],
  ],
  ['-o=Port=7', [['Port', '7']]],
  ['-vvv -q -A -T -C', []],
  ['-qTo BatchMode=yes', [['BatchMode', 'yes']]],
  ['-L 8080:x:80 -R1:y:2 -e none', []],
];

describe('arguments of ssh', () => {
  it.each(cases)('%s', (text, options) => {
    expect(sshArguments(text)).toEqual({ options, configFile: undefined, problems: [] });
  });

  it('-F names a file', () => {
    expect(sshArguments('-F ./ssh.cfg -F other').configFile).toBe('./ssh.cfg');
    expect(sshArguments('-Fnone').configFile).toBe('none');
  });

  it.each([
    ['-o', ['-o has nothing after it']],
    ['host', ['host is not honoured here']],
    ['-Q cipher', ['-Q is not honoured here']],
    ['--help', ['--help is not honoured here']],
    ['-o "x', ['has a quote that is not closed']],
    ["it's", ['has a quote that is not closed']],
  ] as const)('%s is told of', (text, problems) => {
    expect(sshArguments(text).problems).toEqual(problems);
  });
});
