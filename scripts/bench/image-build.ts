import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lab } from '../../test/lab/lab.ts';
import { type DockerEngine, obstacleToDocker, startDocker } from './docker-engine.ts';
import { figures, type Group } from './group.ts';
import { secondsOfStep } from './probed-step.ts';
import { queueAppInputs } from './queue-app.ts';
import { interleaved } from './rounds.ts';

const fileCount = 1000;

/** Layer build and push of a Node app of many files, beside an engine that does the same. */
export const imageBuild: Group = {
  name: 'image-build',
  measure: async bench => {
    const reason = await obstacleToDocker();
    if (reason) return { kind: 'skipped', reason };
    const lab = await bench.lab();
    const inputs = await queueAppInputs(bench);
    const base = inputs['base-image'] ?? '';
    await using engine = await startDocker(lab.registry, bench.say);
    const folder = await mkdtemp(join(tmpdir(), 'aks-functions-bench-'));
    try {
      const apps = await Promise.all(['ours', 'docker'].map(name => writeManyFiles(join(folder, name))));
      const [ours = '', theirs = ''] = apps;
      await writeFile(join(theirs, 'Dockerfile'), dockerfileOn(base));
      await writeFile(join(theirs, '.dockerignore'), 'Dockerfile\n.dockerignore\n');
      await engine.docker('pull', '--quiet', base);
      const render = { ...inputs, mode: 'render', 'app-directory': ours, name: 'many', 'manifests-directory': folder };
      const rows = await interleaved(
        [
          {
            name: 'docker build, then docker push',
            run: afterChange(theirs, () => buildByDocker(engine, theirs, lab)),
          },
          { name: 'the action, mode: render', run: afterChange(ours, () => secondsOfStep(render)) },
        ],
        bench.rounds,
      );
      const notes = [
        'One file changes before each run, so that both make and push the whole layer anew; both have the base image in place.',
        'The action also starts, finds the functions, and writes the manifests in this time.',
      ];
      return figures({ title: `Image of ${fileCount} files, built and pushed`, unit: 's', digits: 2, rows, notes });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

const home = '/home/site/wwwroot';

function dockerfileOn(base: string): string {
  return `FROM ${base}\nENV AzureFunctionsJobHost__Logging__Console__IsEnabled=true\nCOPY . ${home}\n`;
}

/** An app with one function and files of a few kilobytes of code, as packages have them. */
async function writeManyFiles(app: string): Promise<string> {
  const lines = Array.from({ length: 60 }, (_, line) => `exports.value${line} = input => input + ${line};`);
  await mkdir(join(app, 'lib'), { recursive: true });
  await writeFile(join(app, 'host.json'), '{"version":"2.0"}');
  await writeFile(join(app, 'package.json'), '{"name":"many","version":"1.0.0","main":"index.js"}');
  await writeFile(join(app, 'index.js'), httpFunction);
  for (let index = 0; index < fileCount - 3; index += 1) {
    await writeFile(join(app, 'lib', `part-${index}.js`), [`exports.part = ${index};`, ...lines].join('\n'));
  }
  return app;
}

const httpFunction = `const { app } = require('@azure/functions');
app.http('hello', { authLevel: 'anonymous', handler: async () => ({ body: 'hello' }) });
`;

/** The run, after a change to one file, so that nothing can be taken from a cache. */
function afterChange(app: string, run: () => Promise<number>): () => Promise<number> {
  return async () => {
    await writeFile(join(app, 'lib', 'part-0.js'), `exports.part = '${randomBytes(16).toString('hex')}';\n`);
    return run();
  };
}

async function buildByDocker({ docker }: DockerEngine, app: string, { registry }: Lab): Promise<number> {
  const image = `${registry.host}/apps/many-by-docker:latest`;
  const began = performance.now();
  await docker('build', '--network', 'none', '--tag', image, app);
  await docker('push', image);
  return (performance.now() - began) / 1000;
}
