import { UserError } from '../errors.ts';

/** An image by host, repository and at least one of tag and digest. */
export interface ImageReference {
  /** Registry host with port, e.g. `shop.azurecr.io`, `127.0.0.1:5000`. */
  readonly host: string;
  readonly repository: string;
  readonly tag?: string;
  /** `sha256:` and 64 hex digits. */
  readonly digest?: string;
}

/** Where images of the apps go: a registry host and the path before the app's name. */
export interface RegistryAddress {
  readonly host: string;
  /** Without slashes at its ends; empty when the host alone was given. */
  readonly prefix: string;
}

const hostPattern = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::\d{1,5})?$/i;
const repositoryPattern = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^sha256:[0-9a-f]{64}$/;
// Azure allows 5 to 50 letters and digits for the name of a registry.
const azureNamePattern = /^[a-z0-9]{5,50}$/i;

/** `true` for a text that a registry accepts as a tag. */
export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

/**
 * The image that `text` names, by Docker's rules: no host means Docker Hub, neither tag nor digest means `latest`.
 * Throws UserError that quotes `input`, the name of the input it came from.
 */
export function parseImageReference(text: string, input = 'image'): ImageReference {
  const fault = (why: string) =>
    new UserError(
      `Input "${input}" ${why}, got "${text}". Write it as "shop.azurecr.io/orders:1.2" or "shop.azurecr.io/orders@sha256:…".`,
    );
  if (/^[a-z]+:\/\//i.test(text)) throw fault('must be an image without a scheme');
  const [name = '', digest, ...more] = text.split('@');
  if (more.length > 0 || (digest !== undefined && !digestPattern.test(digest))) {
    throw fault('must have a digest of "sha256:" and 64 hex digits after "@"');
  }
  const { path, tag } = splitTag(name);
  if (tag !== undefined && !isTag(tag)) throw fault('has a tag that no registry accepts');
  const { host, repository } = splitHost(path);
  if (!hostPattern.test(host)) throw fault('has a registry host that is no host name');
  if (!repositoryPattern.test(repository))
    throw fault('must have a repository of small letters, digits, "-", "_", "." and "/"');
  return { host, repository, ...tagAndDigest(tag, digest) };
}

function splitTag(name: string): { readonly path: string; readonly tag?: string } {
  const colon = name.lastIndexOf(':');
  if (colon < 0 || name.includes('/', colon)) return { path: name };
  return { path: name.slice(0, colon), tag: name.slice(colon + 1) };
}

function splitHost(path: string): { readonly host: string; readonly repository: string } {
  const slash = path.indexOf('/');
  if (slash > 0 && isHost(path.slice(0, slash)))
    return { host: path.slice(0, slash), repository: path.slice(slash + 1) };
  return { host: 'docker.io', repository: slash < 0 ? `library/${path}` : path };
}

// Docker tells a host from a part of the path by these signs alone.
function isHost(part: string): boolean {
  return part === 'localhost' || /[.:]/.test(part) || part !== part.toLowerCase();
}

function tagAndDigest(tag: string | undefined, digest: string | undefined): Pick<ImageReference, 'tag' | 'digest'> {
  if (tag === undefined && digest === undefined) return { tag: 'latest' };
  return { ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** Text of an image in full: `host/repository`, then `:tag` and `@digest` where known. */
export function formatImageReference(image: ImageReference): string {
  const tag = image.tag === undefined ? '' : `:${image.tag}`;
  const digest = image.digest === undefined ? '' : `@${image.digest}`;
  return `${image.host}/${image.repository}${tag}${digest}`;
}

/** The part of an image that a registry is asked for: its digest, else its tag. */
export function manifestName(image: ImageReference): string {
  return image.digest ?? image.tag ?? 'latest';
}

/**
 * The registry that `text` names: a bare Azure name becomes `<name>.azurecr.io`, a path after the host becomes the
 * prefix. Throws UserError for a scheme, upper case, a trailing slash, a tag or a name that is neither.
 */
export function parseRegistry(text: string, azureSuffix = 'azurecr.io'): RegistryAddress {
  const fault = (why: string) =>
    new UserError(`Input "registry" ${why} such as "shop.azurecr.io" or "ghcr.io/acme", got "${text}".`);
  if (/^[a-z]+:\/\//i.test(text)) throw fault('must be a login server without a scheme,');
  if (text.endsWith('/')) throw fault('must not end with a slash; write a login server');
  if (text !== text.toLowerCase()) throw fault('must be a login server in small letters');
  const [first = '', ...rest] = text.split('/');
  const prefix = rest.join('/');
  const host = first === 'localhost' || /[.:]/.test(first) ? first : azureHost(first, azureSuffix);
  if (host === undefined || !hostPattern.test(host)) throw fault('must be a login server');
  if (prefix !== '' && !repositoryPattern.test(prefix))
    throw fault('must have a path of small letters, digits, "-", "_" and "." after the login server');
  return { host, prefix };
}

function azureHost(name: string, suffix: string): string | undefined {
  return azureNamePattern.test(name) ? `${name}.${suffix}` : undefined;
}

/** Repository of an app in its registry: the prefix and the app's name. */
export function repositoryOf(registry: RegistryAddress, appName: string): string {
  return registry.prefix === '' ? appName : `${registry.prefix}/${appName}`;
}
