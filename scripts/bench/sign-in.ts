import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Cloud, startCloud } from '../../test/lab/cloud/cloud.ts';
import { addCluster } from '../../test/lab/cloud/resources.ts';
import { root } from '../../test/support/action.ts';
import { actionEnvironment } from './action-environment.ts';
import { atMostOver, type Figure } from './figure.ts';
import { type Bench, figures, type Group } from './group.ts';
import { type Command, startCommand } from './process.ts';
import { interleaved } from './rounds.ts';

/** Time from the start of a process to its first request to the Resource Manager, signed in by the token of a job. */
export const signIn: Group = {
  name: 'sign-in',
  measure: async bench => {
    const folder = await mkdtemp(join(tmpdir(), 'aks-functions-bench-'));
    const cloud = await startCloud();
    try {
      return figures(await firstResourceRequest(bench, cloud, folder));
    } finally {
      await cloud.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function firstResourceRequest({ rounds }: Bench, cloud: Cloud, folder: string): Promise<Figure> {
  addCluster(cloud.state, cloud.home, {
    name: 'prod',
    access: { server: 'https://127.0.0.1:9', ca: '', cert: '', key: '' },
  });
  // By the names of the public cloud: what the sign-in library knows of it needs no request.
  const reach = { HTTPS_PROXY: cloud.proxy.address, NO_PROXY: '127.0.0.1', NODE_EXTRA_CA_CERTS: cloud.caFile };
  const job = cloud.job().environment;
  const script = join(folder, 'by-hand.cjs');
  await writeFile(script, byHand(cloud));
  const env = { ...(await actionEnvironment(inputsOf(cloud))), ...job, ...reach };
  const until = (command: Command) => async () => {
    const before = cloud.requests.length;
    await using process = startCommand(command);
    return (await Promise.race([arrivalAfter(before, cloud), process.endedEarly])) - process.began;
  };
  const rows = await interleaved(
    [
      { name: 'the same three requests by hand', run: until({ script, env }) },
      {
        name: 'dist/main.cjs, its first request to the Resource Manager',
        run: until({ script: join(root, 'dist/main.cjs'), env }),
      },
    ],
    rounds,
  );
  const [floor, ours] = rows;
  const goals = floor && ours ? [atMostOver(180, ours, floor)] : [];
  return { title: 'First request to the Resource Manager, from spawn to its arrival', unit: 'ms', rows, goals };
}

/** When the next request to the Resource Manager arrives, to a millisecond. */
async function arrivalAfter(count: number, { requests }: Cloud): Promise<number> {
  while (!requests.slice(count).some(({ part }) => part === 'arm')) await pause(1);
  return performance.now();
}

function inputsOf({ deployer, home }: Cloud): Readonly<Record<string, string>> {
  return {
    ...{ 'client-id': deployer.clientId, 'tenant-id': home.tenantId, 'subscription-id': home.subscriptionId },
    ...{ 'resource-group': home.resourceGroup, cluster: 'prod', registry: 'shop.azurecr.io', name: 'bench' },
    'app-directory': join(root, 'test/apps/js-queue'),
    'secret-settings': `QueueConnString=DefaultEndpointsProtocol=https;AccountName=bench;AccountKey=${'a'.repeat(86)}==;EndpointSuffix=core.windows.net`,
  };
}

/** The job's token, Entra's token for it, and the cluster, one after the other and with nothing but Node. */
function byHand({ deployer, home }: Cloud): string {
  const cluster = `/subscriptions/${home.subscriptionId}/resourceGroups/${home.resourceGroup}/providers/Microsoft.ContainerService/managedClusters/prod`;
  return `const https = require('node:https');
const agent = new https.Agent({ keepAlive: true, proxyEnv: process.env });
const ask = (url, options, body) => new Promise((resolve, reject) => {
  https.request(url, { agent, ...options }, answer => {
    let text = '';
    answer.on('data', piece => { text += piece; }).on('end', () => resolve(JSON.parse(text)));
  }).on('error', reject).end(body);
});
(async () => {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = process.env;
  const { value } = await ask(url + '&audience=api%3A%2F%2FAzureADTokenExchange', { headers: { authorization: 'Bearer ' + token } });
  const form = new URLSearchParams({
    client_id: '${deployer.clientId}',
    scope: 'https://management.azure.com/.default',
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: value,
  }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': form.length };
  const given = await ask('https://login.microsoftonline.com/${home.tenantId}/oauth2/v2.0/token', { method: 'POST', headers }, form);
  await ask('https://management.azure.com${cluster}?api-version=2026-01-01', { headers: { authorization: 'Bearer ' + given.access_token } });
})();
`;
}
