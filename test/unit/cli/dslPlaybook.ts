/** All that playbooks import which tests write: bundled, so that each starts at once. */
export * from '../../../package/index.ts';
