import { join } from 'node:path';
import { pushBaseImages } from '../../test/lab/base-image.ts';
import type { Lab } from '../../test/lab/lab.ts';
import { root } from '../../test/support/action.ts';
import type { Bench } from './group.ts';

/** Name of the app's objects. */
export const appName = 'bench';

/** Folder of the app with one queue function. */
export const queueApp = join(root, 'test/apps/js-queue');

/** Inputs that deploy the queue app into a lab; the base image is pushed and the queue made when asked for first. */
export async function queueAppInputs({ lab, say }: Bench): Promise<Readonly<Record<string, string>>> {
  const running = await lab();
  const known = prepared.get(running);
  if (known) return known;
  const inputs = await prepare(running, say);
  prepared.set(running, inputs);
  return inputs;
}

const prepared = new WeakMap<Lab, Readonly<Record<string, string>>>();

async function prepare(lab: Lab, say: (line: string) => void): Promise<Readonly<Record<string, string>>> {
  const { registry, queue, kubeconfig, tools } = lab;
  const bases = await pushBaseImages({ tools, registry: registry.host, credentials: registry, say });
  await queue.create('function');
  return {
    ...{
      auth: 'none',
      kubeconfig,
      name: appName,
      'app-directory': queueApp,
      'base-image': bases.node,
      verify: 'ready',
    },
    ...{ registry: `${registry.host}/apps`, 'max-replicas': '15', 'polling-interval': '5', 'cooldown-period': '15' },
    'registry-username': registry.username,
    'registry-password': registry.password,
    'secret-settings': `QueueConnString=${queue.connectionString}`,
  };
}
