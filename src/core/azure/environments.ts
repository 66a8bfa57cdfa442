import { UserError } from '../../errors.ts';
import { isRecord } from '../json.ts';
import type { AzureEnvironment, AzureScopes } from './environment.ts';
import { aksServerApplication } from './environment.ts';

/** Names that the input `azure-environment` knows. */
export const environmentNames = ['AzureCloud', 'AzureUSGovernment', 'AzureChinaCloud'] as const;

/** Name of a built-in environment. */
export type EnvironmentName = (typeof environmentNames)[number];

/** Services whose tokens are for the same audience in every cloud. */
const sameEverywhere: Omit<AzureScopes, 'resourceManager'> = {
  registry: 'https://containerregistry.azure.net/.default',
  cluster: `${aksServerApplication}/.default`,
  storage: 'https://storage.azure.com/.default',
};

/** The clouds of Microsoft, by the names that `az cloud list` gives them. */
export const environments: Readonly<Record<EnvironmentName, AzureEnvironment>> = {
  AzureCloud: {
    name: 'AzureCloud',
    resourceManager: 'https://management.azure.com',
    authority: 'https://login.microsoftonline.com',
    isKnownAuthority: true,
    tokenExchangeAudience: 'api://AzureADTokenExchange',
    registrySuffix: 'azurecr.io',
    storageSuffix: 'core.windows.net',
    scopes: { ...sameEverywhere, resourceManager: 'https://management.azure.com/.default' },
  },
  AzureUSGovernment: {
    name: 'AzureUSGovernment',
    resourceManager: 'https://management.usgovcloudapi.net',
    authority: 'https://login.microsoftonline.us',
    isKnownAuthority: true,
    tokenExchangeAudience: 'api://AzureADTokenExchangeUSGov',
    registrySuffix: 'azurecr.us',
    storageSuffix: 'core.usgovcloudapi.net',
    scopes: { ...sameEverywhere, resourceManager: 'https://management.usgovcloudapi.net/.default' },
  },
  AzureChinaCloud: {
    name: 'AzureChinaCloud',
    resourceManager: 'https://management.chinacloudapi.cn',
    authority: 'https://login.chinacloudapi.cn',
    isKnownAuthority: true,
    tokenExchangeAudience: 'api://AzureADTokenExchangeChina',
    registrySuffix: 'azurecr.cn',
    storageSuffix: 'core.chinacloudapi.cn',
    scopes: { ...sameEverywhere, resourceManager: 'https://management.chinacloudapi.cn/.default' },
  },
};

/** Address of the document in which a Resource Manager names the rest of its cloud. */
export function endpointsUrl(resourceManager: string): URL {
  return new URL(`${withoutSlash(resourceManager)}/metadata/endpoints?api-version=2022-09-01`);
}

/** Fault of a text that is no base URL of a Resource Manager, to go on from the input's name; undefined for a good one. */
export function faultOfResourceManager(text: string): string | undefined {
  const url = URL.parse(text);
  const isPlain = url?.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (url?.protocol === 'https:' && isPlain) return undefined;
  return `must be one of ${environmentNames.join(', ')} or the https URL of a Resource Manager, got "${text}". Tokens go to no address without TLS.`;
}

/**
 * The environment that the Resource Manager at `url` describes in its `/metadata/endpoints`. Throws UserError for a document
 * that names no sign-in over https, or another Resource Manager than the one that was asked: tokens would go astray.
 */
export function parseEndpoints(url: string, document: unknown): AzureEnvironment {
  const resourceManager = withoutSlash(url);
  const cloud = cloudOf(resourceManager, document);
  const { authentication, suffixes } = cloud;
  const authority = authorityOf(url, isRecord(authentication) ? authentication.loginEndpoint : undefined);
  const known = Object.values(environments).find(one => sameHost(one.authority, authority));
  const audience = audienceOf(resourceManager, isRecord(authentication) ? authentication.audiences : undefined);
  const { acrLoginServer, storage } = isRecord(suffixes) ? suffixes : {};
  return {
    name: url,
    resourceManager,
    authority,
    isKnownAuthority: known !== undefined,
    tokenExchangeAudience: (known ?? environments.AzureCloud).tokenExchangeAudience,
    registrySuffix: suffixOf(acrLoginServer) ?? (known ?? environments.AzureCloud).registrySuffix,
    storageSuffix: suffixOf(storage) ?? (known ?? environments.AzureCloud).storageSuffix,
    scopes: { ...sameEverywhere, resourceManager: `${audience}/.default` },
  };
}

/** Newer versions of the document list several clouds; the one that was asked is among them. */
function cloudOf(url: string, document: unknown): Readonly<Record<string, unknown>> {
  const clouds: readonly unknown[] = Array.isArray(document) ? document : [document];
  const found = clouds.filter(isRecord);
  const own = found.find(cloud => typeof cloud.resourceManager === 'string' && sameHost(cloud.resourceManager, url));
  if (own) return own;
  const [only] = found;
  if (found.length === 1 && only && only.resourceManager === undefined && only.authentication !== undefined)
    return only;
  const elsewhere = found.flatMap(cloud => (typeof cloud.resourceManager === 'string' ? [cloud.resourceManager] : []));
  throw new UserError(
    elsewhere.length > 0
      ? `The Resource Manager "${url}" of input "azure-environment" says that the Resource Manager is "${elsewhere.join('", "')}", which is not trusted with tokens that were meant for it. Name the right one.`
      : `The address "${url}" of input "azure-environment" answered without naming the endpoints of a cloud. Give the base URL of a Resource Manager, such as "https://management.azure.com".`,
  );
}

function authorityOf(url: string, loginEndpoint: unknown): string {
  const authority = typeof loginEndpoint === 'string' ? URL.parse(loginEndpoint) : null;
  if (authority?.protocol === 'https:' && authority.username === '')
    return withoutSlash(authority.origin + authority.pathname);
  throw new UserError(
    `The Resource Manager "${url}" of input "azure-environment" names "${String(loginEndpoint)}" for the sign-in, where a credential would not be safe: it must be an https URL. Correct its "/metadata/endpoints", or name another Resource Manager.`,
  );
}

function audienceOf(resourceManager: string, audiences: unknown): string {
  const given = Array.isArray(audiences) ? audiences.filter(one => typeof one === 'string').map(withoutSlash) : [];
  return given.find(audience => sameHost(audience, resourceManager)) ?? given[0] ?? resourceManager;
}

function suffixOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.replace(/^\./, '') : undefined;
}

function sameHost(one: string, other: string): boolean {
  const [first, second] = [URL.parse(one), URL.parse(other)];
  return first !== null && first.protocol === second?.protocol && first.host === second.host;
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
