import { randomBytes } from 'node:crypto';

/** Of this process: `20261126T231500Z-1a2b3c`. Sorts by time, and tells apart what two people start at once. */
export const RUN_ID = `${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`;
