import type { Cloud } from '../lab/cloud/cloud.ts';
import { githubIssuer } from '../lab/cloud/github.ts';
import type { Behaviour } from '../lab/cloud/misbehaviour.ts';
import { type ClusterTraits, changeCluster } from '../lab/cloud/resources.ts';
import { trust } from '../lab/cloud/state.ts';
import type { AzureStep } from '../support/azure-step.ts';

/** One way in which Azure is not reached. */
export interface Failure {
  /** What is wrong, as the documentation says it. */
  readonly title: string;
  readonly cluster?: Partial<ClusterTraits>;
  /** Makes it wrong; gives what the step needs for it. */
  readonly arrange?: (cloud: Cloud) => AzureStep;
}

/** Failures under one heading of the documentation. */
export interface FailureGroup {
  readonly heading: string;
  readonly failures: readonly Failure[];
}

const other = '99999999-8888-4777-8666-555555555555';
const always = Number.POSITIVE_INFINITY;

const given = (inputs: Readonly<Record<string, string>>) => (): AzureStep => ({ with: inputs });
const misbehaving =
  (part: string, path: RegExp, behaviour: Behaviour, inputs = {}) =>
  (cloud: Cloud): AzureStep => {
    cloud.misbehave({ part, path }, behaviour, always);
    return { with: inputs };
  };
const trusting =
  (subject: string) =>
  (cloud: Cloud): AzureStep => {
    cloud.deployer.federated = [];
    trust(cloud.deployer, { name: 'other', issuer: githubIssuer, subject });
    return {};
  };
const [github, token, cluster] = [/idtoken/, /oauth2\/v2\.0\/token/, /managedClusters\/prod\?/];
const soon = { timeout: '5s' };

const inputs: FailureGroup = {
  heading: 'Inputs',
  failures: [
    { title: 'A cluster and a kubeconfig', arrange: given({ kubeconfig: 'config' }) },
    { title: 'A name where an id belongs', arrange: given({ 'client-id': 'deployer' }) },
    { title: 'A resource group that reaches another path', arrange: given({ 'resource-group': '../other' }) },
    { title: 'A cluster without sign-in', arrange: given({ auth: 'none', 'client-id': '', 'tenant-id': '' }) },
    { title: 'An environment without TLS', arrange: given({ 'azure-environment': 'http://arm.example.com' }) },
  ],
};

const job: FailureGroup = {
  heading: "The job's OIDC token",
  failures: [
    { title: 'No `permissions: id-token: write`', arrange: () => ({ job: { idToken: false } }) },
    { title: 'A pull request from a fork', arrange: () => ({ job: { event: 'pull_request', fork: true } }) },
    { title: 'GitHub refuses a token', arrange: misbehaving('github', github, { kind: 'answer', status: 403 }) },
    {
      title: 'GitHub throttles, for ten minutes',
      arrange: misbehaving('github', github, { kind: 'throttle', retryAfter: 600 }),
    },
    {
      title: 'GitHub throttles, without saying for how long',
      arrange: misbehaving('github', github, { kind: 'throttle' }, soon),
    },
    { title: 'GitHub fails', arrange: misbehaving('github', github, { kind: 'answer', status: 500 }, soon) },
    { title: 'GitHub does not answer', arrange: misbehaving('github', github, { kind: 'hang' }, soon) },
    { title: 'GitHub breaks the connection', arrange: misbehaving('github', github, { kind: 'reset' }, soon) },
    { title: 'GitHub answers something else', arrange: misbehaving('github', github, { kind: 'garbage' }) },
  ],
};

const entra: FailureGroup = {
  heading: 'Entra',
  failures: [
    { title: 'Another tenant', arrange: given({ 'tenant-id': other }) },
    { title: 'An unknown client', arrange: given({ 'client-id': other }) },
    { title: 'No federated credential for the branch', arrange: () => ({ job: { ref: 'refs/heads/topic' } }) },
    {
      title: 'A federated credential for the names, a subject with ids',
      arrange: () => ({ job: { immutableSubject: true } }),
    },
    {
      title: 'A federated credential for ids, a subject with names',
      arrange: trusting('repo:acme@815/shop@4711:ref:refs/heads/main'),
    },
    { title: 'A federated credential in other letters', arrange: trusting('repo:Acme/Shop:ref:refs/heads/main') },
    {
      title: 'A federated credential for another issuer',
      arrange: () => ({ job: { claims: { iss: 'https://ghe.example.com/_services/token' } } }),
    },
    {
      title: 'A federated credential for another audience',
      arrange: () => ({ job: { claims: { aud: 'api://other' } } }),
    },
    {
      title: 'An OIDC token that has expired',
      arrange: ({ settings }) => {
        settings.assertionLife = -60;
        return {};
      },
    },
    {
      title: 'A wrong client secret',
      arrange: given({ auth: 'client-secret', 'client-secret': 'canary-of-a-client-secret' }),
    },
    {
      title: 'Entra throttles, for ten minutes',
      arrange: misbehaving('entra', token, { kind: 'throttle', retryAfter: 600 }),
    },
    {
      title: 'Entra throttles, without saying for how long',
      arrange: misbehaving('entra', token, { kind: 'throttle' }),
    },
    { title: 'Entra fails', arrange: misbehaving('entra', token, { kind: 'answer', status: 500 }) },
    { title: 'Entra does not answer', arrange: misbehaving('entra', token, { kind: 'hang' }, soon) },
    { title: 'Entra breaks the connection', arrange: misbehaving('entra', token, { kind: 'reset' }) },
    { title: 'Entra answers something else', arrange: misbehaving('entra', token, { kind: 'garbage' }) },
    {
      title: '`auth: azure-cli` without `az`',
      arrange: () => ({ with: { auth: 'azure-cli' }, env: { PATH: '/nowhere' } }),
    },
    {
      title: '`auth: managed-identity` outside Azure',
      arrange: () => ({
        with: { auth: 'managed-identity' },
        env: { AZURE_POD_IDENTITY_AUTHORITY_HOST: 'http://127.0.0.1:9' },
      }),
    },
    {
      title: 'A managed identity that the machine does not have',
      arrange: ({ address }) => ({
        with: { auth: 'managed-identity' },
        env: { AZURE_POD_IDENTITY_AUTHORITY_HOST: address },
      }),
    },
  ],
};

const login =
  (loginEndpoint: string, resourceManager?: string) =>
  (cloud: Cloud): AzureStep => {
    const body = {
      authentication: { loginEndpoint, audiences: ['https://management.azure.com/'] },
      resourceManager: resourceManager ?? cloud.address,
    };
    cloud.misbehave({ path: /metadata\/endpoints/ }, { kind: 'answer', status: 200, body }, always);
    return {};
  };

const environment: FailureGroup = {
  heading: 'An environment of your own',
  failures: [
    {
      title: 'A certificate for another name',
      arrange: ({ misnamedAddress }) => ({ with: { 'azure-environment': misnamedAddress } }),
    },
    { title: 'A certificate of an unknown authority', arrange: () => ({ env: { NODE_EXTRA_CA_CERTS: '' } }) },
    { title: 'A sign-in without TLS', arrange: login('http://login.example.com') },
    {
      title: 'Another Resource Manager than the one asked',
      arrange: login('https://login.example.com', 'https://elsewhere.example.com'),
    },
    {
      title: 'An address that is no Resource Manager',
      arrange: ({ address }) => ({ with: { 'azure-environment': `${address}/no` } }),
    },
    { title: 'Endpoints that are not JSON', arrange: misbehaving('arm', /metadata\/endpoints/, { kind: 'garbage' }) },
  ],
};

const aks: FailureGroup = {
  heading: 'The cluster',
  failures: [
    { title: 'A name that is misspelt', arrange: given({ cluster: 'prud' }) },
    { title: 'Another resource group', arrange: given({ 'resource-group': 'shop' }) },
    { title: 'Another subscription', arrange: given({ 'subscription-id': other }) },
    {
      title: 'No role on the cluster',
      arrange: ({ state }) => {
        state.roleAssignments.splice(0);
        return {};
      },
    },
    { title: 'A cluster that is stopped', cluster: { stopped: true } },
    {
      title: 'A cluster that goes on being changed',
      arrange: cloud => {
        setState(cloud, 'Updating');
        return { with: { timeout: '6s' } };
      },
    },
    { title: 'A cluster that is being deleted', arrange: cloud => setState(cloud, 'Deleting') },
    {
      title: 'A cluster that is deleted meanwhile',
      arrange: cloud => {
        const body = { error: { code: 'ResourceNotFound', message: 'not found' } };
        cloud.misbehave(
          { part: 'arm', path: /listClusterUserCredential/ },
          { kind: 'answer', status: 404, body },
          always,
        );
        return {};
      },
    },
    { title: 'A private cluster', cluster: { isPrivate: true } },
    { title: 'A cluster that does not let this machine in' },
    {
      title: 'The Resource Manager throttles, for ten minutes',
      arrange: misbehaving('arm', cluster, { kind: 'throttle', retryAfter: 600 }),
    },
    {
      title: 'The Resource Manager throttles, without saying for how long',
      arrange: misbehaving('arm', cluster, { kind: 'throttle' }),
    },
    { title: 'The Resource Manager fails', arrange: misbehaving('arm', cluster, { kind: 'answer', status: 500 }) },
    { title: 'The Resource Manager does not answer', arrange: misbehaving('arm', cluster, { kind: 'hang' }, soon) },
    { title: 'The Resource Manager breaks the connection', arrange: misbehaving('arm', cluster, { kind: 'reset' }) },
    { title: 'The Resource Manager answers something else', arrange: misbehaving('arm', cluster, { kind: 'garbage' }) },
    {
      title: 'The Resource Manager refuses the token',
      arrange: misbehaving('arm', cluster, {
        ...{ kind: 'answer', status: 401 },
        body: { error: { code: 'ExpiredAuthenticationToken', message: 'The access token expiry is in the past.' } },
      }),
    },
  ],
};

function setState({ state }: Cloud, provisioningState: string): AzureStep {
  const [found] = state.clusters;
  if (!found) throw new Error('no cluster');
  changeCluster(found, { provisioningState });
  return {};
}

/** Every failure of the sign-in and of finding the cluster. */
export const failureGroups: readonly FailureGroup[] = [inputs, job, entra, environment, aks];
