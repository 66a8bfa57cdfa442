import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JSONWebKeySet } from 'jose';
import * as v from 'valibot';
import { aksServerApplication } from '../../src/core/azure/environment.ts';
import type { Api } from './api.ts';
import { type Authority, newAuthority } from './certificates.ts';
import { type Cloud, startCloud } from './cloud/cloud.ts';
import { answerJson } from './cloud/exchange.ts';
import { addCluster, addKubeletIdentity, addRegistry } from './cloud/resources.ts';
import type { ContainerRegistry, ManagedCluster, Principal } from './cloud/state.ts';
import { issuerOf } from './cloud/tokens.ts';
import type { ClusterGround } from './ground.ts';
import { grantRules, type PolicyRule } from './identity.ts';
import { registerWebhook, workloadWebhook } from './workload-webhook.ts';

/** A cloud and how the cluster in it is known. */
export interface GroundCloud {
  readonly cloud: Cloud;
  /** Signs the certificates of the cluster too. */
  readonly authority: Authority;
  /** Who issues the tokens of the cluster's service accounts. */
  readonly issuer: string;
  /** Identity by which the cluster's node pulls images. */
  readonly kubelet: Principal;
}

/** The cloud of a lab, with its cluster in it. */
export interface LabCloud extends Cloud {
  /** The lab's cluster as the Resource Manager knows it. */
  readonly cluster: ManagedCluster;
  /** The lab's registry as one of Azure's; the node pulls from it when its identity has a role there. */
  readonly registry: ContainerRegistry;
  readonly kubelet: Principal;
  /** Who issues the tokens of the cluster's service accounts, for workload identity. */
  readonly clusterIssuer: string;
  /** Gives a principal, or a group of them, Kubernetes rights. The namespace is made when missing. */
  grant(objectId: string, namespace: string, rights: ClusterRights): Promise<void>;
  /** The API server's reason for the last refused sign-in; it tells callers nothing. */
  lastRefusal(): Promise<string | undefined>;
}

export interface ClusterRights {
  /** In the namespace. */
  readonly rules: readonly PolicyRule[];
  /** In the whole cluster. */
  readonly clusterRules?: readonly PolicyRule[];
}

const clusterName = 'shop';
const registryName = 'shopregistry';
/** Login server that the lab's registry would have in Azure: the node knows it by this name too. */
export const registryPublicName = `${registryName}.azurecr.io`;

/** Starts the cloud of a lab; `hosts` are addresses where pods reach it. */
export async function startGroundCloud(dir: string, hosts: readonly string[]): Promise<GroundCloud> {
  const authority = await newAuthority();
  const cloud = await startCloud({ authority, hosts, within: dir });
  const kubelet = addKubeletIdentity(cloud.state, cloud.home, clusterName);
  cloud.machineIdentities.push(kubelet);
  return { cloud, authority, kubelet, issuer: `${cloud.address}/oidc/${randomUUID()}/` };
}

/** Flags by which the API server knows Entra's tokens, as one of AKS does, and issues tokens that Entra can check. */
export async function signInFlags(dir: string, { cloud, issuer }: GroundCloud): Promise<readonly string[]> {
  const file = join(dir, 'authentication.json');
  await writeFile(file, JSON.stringify(authentication(cloud)));
  return ['--authentication-config', file, '--service-account-issuer', issuer];
}

function authentication({ address, ca, home: { tenantId } }: Cloud): object {
  return {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: [
      {
        issuer: {
          url: issuerOf(tenantId),
          discoveryURL: `${address}/${tenantId}/.well-known/openid-configuration`,
          certificateAuthority: ca,
          audiences: [aksServerApplication],
        },
        claimMappings: {
          username: { claim: 'oid', prefix: '' },
          groups: { claim: 'groups', prefix: '' },
          uid: { claim: 'oid' },
        },
        // Without this rule an empty claim would make a user without a name.
        claimValidationRules: [
          { expression: 'type(claims.oid) == string && claims.oid != ""', message: 'the token has no oid' },
        ],
        userValidationRules: [
          {
            expression:
              '!user.username.startsWith("system:") && !user.groups.exists(group, group.startsWith("system:"))',
            message: 'reserved names',
          },
        ],
      },
    ],
    anonymous: { enabled: true, conditions: ['/livez', '/readyz', '/healthz'].map(path => ({ path })) },
  };
}

const keySet = v.custom<JSONWebKeySet>(value => v.is(v.object({ keys: v.array(v.looseObject({})) }), value));

/** Publishes the keys of the cluster's service accounts where its issuer says, and lets Entra check them. */
export function publishIssuer({ cloud, issuer }: GroundCloud, api: Api): void {
  const keys = async () => v.parse(keySet, (await api.request('GET', '/openid/v1/jwks')).json());
  const { pathname } = new URL(issuer);
  cloud.addIssuer(issuer, keys);
  cloud.add({
    name: 'cluster-issuer',
    paths: /^\/oidc\//,
    async serve(exchange) {
      if (exchange.url.pathname === `${pathname}openid/v1/jwks`) return answerJson(exchange, 200, await keys());
      if (exchange.url.pathname !== `${pathname}.well-known/openid-configuration`) return false;
      return answerJson(exchange, 200, {
        issuer,
        jwks_uri: `${issuer}openid/v1/jwks`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256', 'ES256'],
      });
    },
  });
}

/** Lets pods have workload identities; they reach the cloud at `host`. */
export async function serveWorkloads({ cloud }: GroundCloud, api: Api, host: string): Promise<void> {
  cloud.add(workloadWebhook(cloud, api, host));
  await registerWebhook(api, cloud);
}

/** What of the lab the cloud shows. */
export interface Shown {
  readonly keda: boolean;
  /** Host and port of the registry that has the images. */
  readonly store: string;
}

/** Adds the lab's cluster and registry to its cloud. */
export function labCloudOf(
  { api, dir, tools }: ClusterGround,
  { cloud, issuer, kubelet }: GroundCloud,
  { keda, store }: Shown,
): LabCloud {
  const { server, ca, cert = '', key = '' } = api.access;
  const access = { server, ca, cert, key, kubectl: join(tools, 'kubectl') };
  const traits = { name: clusterName, access, issuer, keda, kubelet, workloadIdentity: true };
  const cluster = addCluster(cloud.state, cloud.home, traits);
  const loginServer = new URL(cloud.address).host;
  const registry = addRegistry(cloud.state, cloud.home, { name: registryName, loginServer, store });
  return {
    ...cloud,
    ...{ cluster, registry, kubelet, clusterIssuer: issuer },
    grant: (objectId, namespace, { rules, clusterRules = [] }) => {
      const subjects = ['User', 'Group'].map(kind => ({ kind, name: objectId, apiGroup: 'rbac.authorization.k8s.io' }));
      return grantRules(api, subjects, { name: `of-${objectId}`, namespace, rules, clusterRules });
    },
    async lastRefusal() {
      const log = await readFile(join(dir, 'log', 'kube-apiserver.log'), 'utf8');
      return log.split('\n').findLast(line => line.includes('Unable to authenticate the request'));
    },
  };
}
