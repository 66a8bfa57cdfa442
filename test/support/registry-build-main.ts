import { buildApp } from './registry-build.ts';

// Builds the app of a folder into a registry and prints the peak memory of this process in MiB.
const [, , host = '', app = ''] = process.argv;
await buildApp({ server: { host }, app, base: `${host}/base/node:4` });
process.stdout.write(String(Math.round(process.resourceUsage().maxRSS / 1024)));
