import { describeError } from '../../src/errors.ts';
import { pushBaseImages } from './base-image.ts';
import { hasDebianPackages } from './debian.ts';
import { guideTo } from './guide.ts';
import { type Lab, startLab } from './lab.ts';

const say = (line: string) => console.error(line);

/** Keeps a lab up until this process is told to end. */
async function main(): Promise<void> {
  const began = Date.now();
  const told = new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, resolve);
  });
  await using lab = await startLab({ log: say });
  console.log(guideTo(lab, await baseImagesOf(lab)));
  say(`Started in ${((Date.now() - began) / 1000).toFixed(1)} s. Press Ctrl-C to stop the lab and remove all of it.`);
  // A pending promise does not keep a process; its open servers do.
  await told;
  say('Stopping the lab.');
}

/** The base images as pods pull them; none where they cannot be made. */
async function baseImagesOf({ tools, registry }: Lab): Promise<readonly string[]> {
  if (!(await hasDebianPackages())) return [];
  const pushed = await pushBaseImages({ tools, registry: registry.backend, say });
  return Object.values(pushed).map(image => image.replace(registry.backend, registry.host));
}

try {
  await main();
} catch (error) {
  say(describeError(error));
  process.exitCode = 1;
}
