import { converge, fakeHost, labHost, matchers, type QuorateMatchers } from 'quorate/test';
import { afterAll, describe, expect, it } from 'vitest';
import { hello } from '../roles/hello.ts';

declare module 'vitest' {
  interface Matchers<T> extends QuorateMatchers<T> {}
}
expect.extend(matchers);

describe('hello', () => {
  it('puts its greeting where it is told to', () => {
    const host = fakeHost({ vars: { hello_dir: '/srv/hello' } });
    expect(host.tasks(hello)).toHaveTask('file:/srv/hello/hello.txt');
  });
});

// A throw-away host on this machine, where that can have one.
const host = await labHost();
afterAll(() => host?.close());

describe.skipIf(!host)('hello, on a host', () => {
  it('does what its check says, and no more the second time', async () => {
    expect(await converge(host!, [hello])).toConverge();
  });
});
