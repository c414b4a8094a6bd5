/** What `import … from 'quorate/test'` gives: the kit for tests of roles. */
export { type Convergence, converge } from '../lib/kit/converge.ts';
export { type BuiltTask, type FakeHost, type FakeHostOptions, fakeHost } from '../lib/kit/fake-host.ts';
export { type LabHost, labHost, type Said } from '../lib/kit/lab-host.ts';
export { matchers, type QuorateMatchers } from '../lib/kit/matchers.ts';
