import { dump } from 'js-yaml';
import * as v from 'valibot';
import { aksServerApplication } from '../../../src/core/azure/environment.ts';
import { type ArmAnswer, ArmRefusal } from './arm-answer.ts';
import { clusterOf, clusterPath, clusterProperties } from './arm-clusters.ts';
import type { ArmCall, ArmRoute } from './arm-routes.ts';
import { kinds } from './resources.ts';
import type { ManagedCluster } from './state.ts';

/** The application that people sign in with at the command line. */
const kubectlApplication = '80faf920-1908-4b52-b5ef-a8e7bedfc67a';
/** Nobody listens here: what a stopped cluster's address is like. */
const nowhere = 'https://127.0.0.1:1';

/** The lists of credentials. */
export const credentialRoutes: readonly ArmRoute[] = [
  {
    ...{ method: 'POST', scope: clusterPath, rest: '/listClusterUserCredential' },
    action: `${kinds.cluster}/listClusterUserCredential/action`,
    handle: call => {
      const cluster = clusterOf(call);
      const { aadProfile } = v.parse(clusterProperties, cluster.body.properties);
      if (!aadProfile) return answer('clusterUser', kubeconfigOf(call, cluster, 'clusterUser', localAccount(cluster)));
      const user = entraUser(aadProfile.tenantID ?? '', call.query.get('format') ?? 'exec');
      return answer('clusterUser', kubeconfigOf(call, cluster, 'clusterUser', user));
    },
  },
  {
    ...{ method: 'POST', scope: clusterPath, rest: '/listClusterAdminCredential' },
    action: `${kinds.cluster}/listClusterAdminCredential/action`,
    handle: call => {
      const cluster = clusterOf(call);
      if (v.parse(clusterProperties, cluster.body.properties).disableLocalAccounts)
        throw new ArmRefusal(
          400,
          'BadRequest',
          'Getting static credential is not allowed because this cluster is set to disable local accounts.',
          { bare: true },
        );
      return answer('clusterAdmin', kubeconfigOf(call, cluster, 'clusterAdmin', localAccount(cluster)));
    },
  },
];

function answer(name: string, kubeconfig: string): ArmAnswer {
  return { status: 200, body: { kubeconfigs: [{ name, value: Buffer.from(kubeconfig).toString('base64') }] } };
}

function kubeconfigOf(call: ArmCall, cluster: ManagedCluster, role: string, user: unknown): string {
  const { name, resourceGroup, access } = cluster;
  const userName = `${role}_${resourceGroup}_${name}`;
  return dump({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: serverOf(call, cluster), 'certificate-authority-data': base64(access.ca) } }],
    users: [{ name: userName, user }],
    contexts: [{ name, context: { cluster: name, user: userName } }],
    'current-context': name,
    preferences: {},
  });
}

/** The real API server's address, unless the cluster is one that would not answer. */
function serverOf({ query }: ArmCall, { access, body }: ManagedCluster): string {
  const { powerState, apiServerAccessProfile, privateFQDN, fqdn } = v.parse(clusterProperties, body.properties);
  if (powerState.code === 'Stopped') return nowhere;
  const isPublic =
    !apiServerAccessProfile.enablePrivateCluster || (query.get('server-fqdn') === 'public' && fqdn !== '');
  return isPublic ? access.server : `https://${privateFQDN}:443`;
}

function localAccount({ access }: ManagedCluster): unknown {
  return { 'client-certificate-data': base64(access.cert), 'client-key-data': base64(access.key) };
}

function entraUser(tenantId: string, format: string): unknown {
  if (format === 'azure') {
    const config = {
      ...{ 'apiserver-id': aksServerApplication, 'client-id': kubectlApplication },
      ...{ 'config-mode': '1', environment: 'AzurePublicCloud', 'tenant-id': tenantId },
    };
    return { 'auth-provider': { name: 'azure', config } };
  }
  const args = [
    ...['get-token', '--environment', 'AzurePublicCloud', '--server-id', aksServerApplication],
    ...['--client-id', kubectlApplication, '--tenant-id', tenantId, '--login', 'devicecode'],
  ];
  const exec = {
    ...{ apiVersion: 'client.authentication.k8s.io/v1beta1', command: 'kubelogin', args, env: null },
    installHint: 'kubelogin is not installed which is required to connect to AAD enabled cluster.',
    provideClusterInfo: false,
  };
  return { exec };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
