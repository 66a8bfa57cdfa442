import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../src/errors.ts';
import { issueCertificates } from '../../test/lab/certificates.ts';
import { root } from '../../test/support/action.ts';
import { actionEnvironment } from './action-environment.ts';
import { ArrivalServer } from './arrival-server.ts';
import { atMostOver, type Figure } from './figure.ts';
import { type Bench, figures, type Group } from './group.ts';
import { type Command, millisecondsToEnd, startCommand } from './process.ts';
import { interleaved } from './rounds.ts';

/** Time from the start of a process to the first thing that it does. */
export const startup: Group = {
  name: 'startup',
  measure: async bench => {
    const folder = await mkdtemp(join(tmpdir(), 'aks-functions-bench-'));
    try {
      const secure = await securePlace(folder);
      return figures(
        await missingInput(bench, folder),
        await firstRequest(bench, folder, secure),
        await firstRequest(bench, folder, { title: 'plain HTTP on loopback', address: '127.0.0.1' }),
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

const action = join(root, 'dist/main.cjs');

async function missingInput({ rounds }: Bench, folder: string): Promise<Figure> {
  const empty = join(folder, 'empty.cjs');
  await writeFile(empty, '');
  const env = await actionEnvironment({});
  const rows = await interleaved(
    [
      { name: 'empty Node process', run: () => millisecondsToEnd({ script: empty, env }, 0) },
      { name: 'dist/main.cjs without inputs', run: () => millisecondsToEnd({ script: action, env }, 1) },
    ],
    rounds,
  );
  const [floor, ours] = rows;
  const goals = floor && ours ? [atMostOver(40, ours, floor)] : [];
  return { title: 'Missing-input error, from spawn to exit', unit: 'ms', rows, goals };
}

/** Where the server listens, and how it is trusted when it speaks TLS. */
interface Place {
  readonly title: string;
  readonly address: string;
  readonly tls?: { readonly authority: string; readonly certificate: string; readonly key: string };
}

/** An address of this machine that is none of loopback: of a registry there, TLS is asked at once. */
async function securePlace(folder: string): Promise<Place> {
  const found = Object.values(networkInterfaces()).flat();
  const address = found.find(each => each?.family === 'IPv4' && !each.internal)?.address;
  if (!address) throw new UserError('This machine has no network address beside loopback. Give it one to measure TLS.');
  await issueCertificates(folder, address);
  const [authority, certificate, key] = ['ca.crt', 'apiserver.crt', 'apiserver.key'].map(name => join(folder, name));
  return {
    title: 'HTTPS',
    address,
    tls: { authority: authority ?? '', certificate: certificate ?? '', key: key ?? '' },
  };
}

async function firstRequest({ rounds }: Bench, folder: string, { title, address, tls }: Place): Promise<Figure> {
  await using server = await ArrivalServer.start(address, tls);
  const env = { ...(await inputsFor(folder, server.host)), ...(tls ? { NODE_EXTRA_CA_CERTS: tls.authority } : {}) };
  const script = join(folder, 'request.cjs');
  await writeFile(script, `require('node:${tls ? 'https' : 'http'}').get('${server.origin}/v2/');\n`);
  const until = (command: Command) => async () => {
    const arrival = server.next();
    await using process = startCommand(command);
    return (await Promise.race([arrival, process.endedEarly])) - process.began;
  };
  const rows = await interleaved(
    [
      { name: `hand-written node:${tls ? 'https' : 'http'} request`, run: until({ script, env }) },
      { name: 'dist/main.cjs, its first request', run: until({ script: action, env }) },
    ],
    rounds,
  );
  const [floor, ours] = rows;
  const goals = floor && ours ? [atMostOver(30, ours, floor)] : [];
  return { title: `First request, from spawn to its arrival, ${title}`, unit: 'ms', rows, goals };
}

async function inputsFor(folder: string, host: string): Promise<NodeJS.ProcessEnv> {
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, '');
  const app = join(root, 'test/apps/js-queue');
  return actionEnvironment({
    ...{ auth: 'none', kubeconfig, registry: `${host}/apps`, 'app-directory': app, name: 'bench' },
    'registry-username': 'bench',
    'registry-password': 'only-for-this-run',
  });
}
