import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab } from './support/describeLab.ts';
import { type Lab, startLab } from './support/lab.ts';
import { runPlaybook } from './support/playbook.ts';

describeLab('certificates', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ name: 'certs' });
    expect((await runPlaybook(lab)).code).toBe(0);
  });
  afterAll(async () => lab?.stop());

  const certs = (...args: string[]) => runPlaybook(lab, args, { playbook: 'certs' });

  it('shows', async () => {
    const { text, code } = await certs();
    console.log(text);
    expect(code).toBe(0);
    for (const step of [
      ['--client', 'app'],
      ['--renew'],
      ['--renew', 'etcd02'],
      ['--rotate-ca', '-y'],
      ['--rotate-ca', '--clients-ready', '-y'],
      ['--rotate-ca', '-y'],
      [],
    ]) {
      const { text, code } = await certs(...step);
      console.log(step, code, text.replaceAll(/"(time|runId)":"[^"]*",?/g, ''));
    }
    console.log((await runPlaybook(lab)).text);
  }, 200_000);
});
