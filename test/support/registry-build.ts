import { type ImageRequest, imagePlan } from '../../src/core/image-plan.ts';
import { Secret } from '../../src/core/secret.ts';
import { Registries } from '../../src/edges/registry/registries.ts';
import { AppFolder } from '../../src/edges/workspace/app-folder.ts';
import { buildImage } from '../../src/flows/build-image.ts';
import type { BuiltImage, ImageEngine } from '../../src/flows/ports.ts';
import { recordingLog } from './registry-app.ts';
import type { RegistryServer } from './registry-server.ts';

/** Where a test builds an app from and to; users of the server are `ci` with password `pw`. */
export interface TestBuild {
  readonly server: Pick<RegistryServer, 'host'>;
  readonly app: string;
  /** Base image by name. */
  readonly base: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly request?: Partial<ImageRequest>;
}

const noEngine: ImageEngine = {
  answers: async () => false,
  build: () => Promise.reject(new Error('there is no engine')),
  push: () => Promise.reject(new Error('there is no engine')),
};

/** The image of the app, built from layers with the real edges into `apps/shop`, and what the log says. */
export async function buildApp(
  { server, app, base, environment = {}, request }: TestBuild,
  signal = new AbortController().signal,
): Promise<BuiltImage & { readonly lines: readonly string[] }> {
  const log = recordingLog();
  const content = new AppFolder({ directory: app, log, environment });
  const plan = imagePlan(
    {
      appName: 'shop',
      runtime: 'node',
      source: await content.readSource(),
      appDirectory: app,
      builder: 'auto',
      platform: 'linux/amd64',
      tags: [],
      registry: `${server.host}/apps`,
      baseImage: base,
      ...request,
    },
    false,
  );
  const credentials = { username: 'ci', password: new Secret('pw') };
  using registries = new Registries({
    access: async () => credentials,
    pushTo: { host: server.host, repository: 'apps/shop' },
    pause: async () => {},
  });
  const ports = { registryAt: (host: string) => registries.at(host), content, engine: noEngine, log };
  return { ...(await buildImage(plan, ports, signal)), lines: log.lines };
}
