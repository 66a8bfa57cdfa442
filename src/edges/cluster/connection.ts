import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { dirname, resolve } from 'node:path';
import { decodedKubeconfig, faultOfKubeconfig, isKubeconfigPath, isShown } from '../../core/inputs/kubeconfig.ts';
import { Secret } from '../../core/secret.ts';
import { UsageError } from '../../errors.ts';
import type { AzureIdentity } from '../../flows/azure-port.ts';
import { EntraToken, isKubelogin } from './entra-token.ts';
import { type CredentialSource, type ExecCommand, ExecPlugin } from './exec-plugin.ts';
import { renderKubeconfig } from './handed-kubeconfig.ts';
import type { Dispatcher, KubeConfig } from './kubeconfig.ts';

/** One connection to an API server, with what each request needs to be authorised. */
export interface Connection {
  readonly server: string;
  readonly dispatcher: Dispatcher;
  readonly request: (
    url: string,
    options: Parameters<typeof import('undici').request>[1],
  ) => ReturnType<typeof import('undici').request>;
  /** What to say of failures that have their reason in how the cluster was found. */
  readonly advice?: ConnectionAdvice;
  /** Headers for authorisation, made anew for each request so that an expired token is replaced. */
  headers(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
}

/** Texts in place of the usual ones, which speak of the input `kubeconfig`. */
export interface ConnectionAdvice {
  /** For an answer 401. */
  readonly refused?: string | undefined;
  /** What to do when the server cannot be reached. */
  readonly unreachable?: string | undefined;
}

/** How to connect. */
export interface ConnectionOptions {
  /** Path or text of a kubeconfig. */
  readonly kubeconfig: string;
  /** Told every secret of the kubeconfig before it is used. */
  readonly mask: (secret: Secret) => void;
  readonly signal: AbortSignal;
  /** Gives the token where the kubeconfig would start `kubelogin`, which then need not be there. */
  readonly identity?: AzureIdentity | undefined;
  readonly advice?: ConnectionAdvice;
  /** Takes a kubeconfig with the credential of this connection, for other programs. */
  readonly handOn?: ((kubeconfig: Secret) => Promise<void>) | undefined;
}

/** Opens no socket yet; throws UsageError when the kubeconfig cannot be read, names no cluster or gives no credentials. */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { kubeconfig, mask, signal, identity, advice = {}, handOn } = options;
  const [text, { EnvHttpProxyAgent, KubeConfig, request }] = await Promise.all([
    kubeconfigText(kubeconfig, mask),
    import('./kubeconfig.ts'),
  ]);
  const config = loadConfig(new KubeConfig(), text);
  maskUser(config, mask);
  // As kubectl does: paths in a file are relative to it.
  if (isKubeconfigPath(kubeconfig)) config.makePathsAbsolute(dirname(resolve(kubeconfig)));
  const server = serverOf(config);
  const plugin = takePlugin(config, mask, identity);
  const certificate = await clientCertificateOf(plugin, signal);
  // The form in which a kubeconfig holds it.
  if (certificate.key) mask(new Secret(certificate.key).toBase64());
  const tls = { ...(await tlsOptionsOf(config, mask)), ...certificate };
  const proxied = config.getCurrentCluster()?.proxyUrl;
  // A proxy of the environment counts for the cluster too; over HTTP/2 one connection carries all requests at once.
  const dispatcher = new EnvHttpProxyAgent({
    requestTls: tls,
    connect: { ...tls, keepAlive: true },
    allowH2: true,
    connections: 1,
    ...(proxied ? { httpsProxy: proxied, httpProxy: proxied } : {}),
  });
  const headers = (ended: AbortSignal) => authorizationOf(config, plugin, ended);
  if (handOn) await handOn(renderKubeconfig(new KubeConfig(), config, { ...certificate, ...(await headers(signal)) }));
  return { server, dispatcher, request, advice, headers };
}

async function kubeconfigText(kubeconfig: string, mask: (secret: Secret) => void): Promise<string> {
  const decoded = decodedKubeconfig(kubeconfig);
  if (decoded !== undefined) mask(new Secret(kubeconfig));
  if (!isKubeconfigPath(kubeconfig)) return decoded ?? kubeconfig;
  try {
    return await readFile(kubeconfig, 'utf8');
  } catch (cause) {
    if (!isShown(kubeconfig)) mask(new Secret(kubeconfig));
    // The system's own message quotes the whole value.
    throw new UsageError(faultOfKubeconfig(kubeconfig, codeOf(cause)), { cause: codeOf(cause) });
  }
}

function loadConfig(config: KubeConfig, text: string): KubeConfig {
  try {
    config.loadFromString(text);
  } catch (cause) {
    // The parser's own message may quote the text, which holds credentials.
    throw new UsageError(
      'Input "kubeconfig" is not a kubeconfig. Give the text that "kubectl config view --raw --minify" prints, or its path.',
      { cause: codeOf(cause) },
    );
  }
  if (config.getCurrentCluster()?.server) return config;
  throw new UsageError(
    'Input "kubeconfig" has no current context with a cluster. Set "current-context" to one of its contexts.',
  );
}

function serverOf(config: KubeConfig): string {
  const server = config.getCurrentCluster()?.server ?? '';
  if (server.startsWith('https://')) return server.replace(/\/+$/, '');
  throw new UsageError(`Input "kubeconfig" names the server "${server}". Its address must start with "https://".`);
}

async function tlsOptionsOf(config: KubeConfig, mask: (secret: Secret) => void) {
  const options = await optionsOf(config);
  // A key or a token may come from a file, which the kubeconfig only names.
  for (const secret of [options.key, options.headers && bearerOf(options.headers)]) {
    if (typeof secret === 'string' || Buffer.isBuffer(secret)) mask(new Secret(secret.toString()));
  }
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  return Object.fromEntries(
    Object.entries({ ca, cert, key, servername, rejectUnauthorized }).filter(([, value]) => value !== undefined),
  );
}

/** The command of the current user, which is taken out of the config: its own way to run it has neither deadline nor end. */
function takePlugin(
  config: KubeConfig,
  mask: (secret: Secret) => void,
  identity: AzureIdentity | undefined,
): CredentialSource | undefined {
  const exec: ExecCommand | undefined = config.getCurrentUser()?.exec;
  if (!exec?.command) return undefined;
  config.users = config.users.map(({ exec: _, ...user }) => user);
  return identity && isKubelogin(exec) ? new EntraToken(exec, identity) : new ExecPlugin(exec, mask);
}

async function clientCertificateOf(plugin: CredentialSource | undefined, signal: AbortSignal) {
  const { clientCertificateData: cert, clientKeyData: key } = (await plugin?.credential(signal)) ?? {};
  return cert && key ? { cert, key } : {};
}

async function authorizationOf(
  config: KubeConfig,
  plugin: CredentialSource | undefined,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const given = await plugin?.credential(signal);
  if (given) return given.token ? { Authorization: `Bearer ${given.token}` } : {};
  const options = await optionsOf(config);
  const headers = Object.entries(options.headers ?? {}).map(([name, value]) => [name, String(value)]);
  return Object.fromEntries(
    options.auth ? [...headers, ['Authorization', `Basic ${Buffer.from(options.auth).toString('base64')}`]] : headers,
  );
}

function bearerOf(headers: NonNullable<RequestOptions['headers']>): string | undefined {
  const value = Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
  return value === undefined ? undefined : String(value).replace(/^Bearer /, '');
}

async function optionsOf(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
    return options;
  } catch (cause) {
    if (!(cause instanceof Error && 'path' in cause)) throw cause;
    throw new UsageError(
      `The kubeconfig names the file "${cause.path}", which cannot be read (${codeOf(cause)}). Correct its path, or give its content in the kubeconfig, as "kubectl config view --raw --flatten" prints.`,
      { cause },
    );
  }
}

function maskUser(config: KubeConfig, mask: (secret: Secret) => void): void {
  for (const user of config.getUsers()) {
    for (const secret of [user.token, user.password, user.keyData]) if (secret) mask(new Secret(secret));
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable';
}
