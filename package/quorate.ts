#!/usr/bin/env node
import { quorate } from '../lib/cli/quorate/index.ts';

await quorate(process.argv.slice(2));
