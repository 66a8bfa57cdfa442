/** Settings by name without regard to case, as .NET's configuration reads them; `:` and `__` mean the same. */
function byLowerName(environment) {
  return new Map(Object.entries(environment).map(([name, value]) => [normalized(name), value]));
}

function normalized(name) {
  return name.replaceAll(':', '__').toLowerCase();
}

/** What the environment of the process tells the host; `settingOf` gives one app setting or undefined. */
export function readSettings(environment) {
  const values = byLowerName(environment);
  const settingOf = name => values.get(normalized(name)) || undefined;
  const files = settingOf('STAND_IN_HOST_FILES') ?? '';
  return {
    settingOf,
    environment,
    root: settingOf('AzureWebJobsScriptRoot') ?? '/home/site/wwwroot',
    listen: listenAddress(settingOf('ASPNETCORE_URLS') ?? 'http://+:80'),
    runtime: settingOf('FUNCTIONS_WORKER_RUNTIME')?.toLowerCase(),
    hostId: settingOf('AzureFunctionsWebHost__hostid') ?? settingOf('HOSTNAME') ?? 'localhost',
    hasHomepage: !isTrue(settingOf('AzureWebJobsDisableHomepage')),
    keyStorage: keyStorage(settingOf, files),
    logLevel: settingOf('AzureFunctionsJobHost__logging__logLevel__default'),
  };
}

/** First of the `;` separated addresses; `+` and `*` mean every address of the machine. */
function listenAddress(urls) {
  const [, host, port] = /^http:\/\/([^/]+?)(?::(\d+))?(?:\/|;|$)/.exec(urls) ?? [];
  if (!host) throw new Error(`ASPNETCORE_URLS must be like "http://+:80", got "${urls}".`);
  return { host: '+*'.includes(host) ? undefined : host, port: Number(port ?? 80) };
}

/** `STAND_IN_HOST_FILES` moves the folders below /run, for tests outside a container. */
function keyStorage(settingOf, files) {
  if (settingOf('AzureWebJobsSecretStorageType')?.toLowerCase() !== 'kubernetes') return { kind: 'none' };
  const name = settingOf('AzureWebJobsKubernetesSecretName');
  if (!name) return { kind: 'files', folder: `${files}/run/secrets/functions-keys` };
  const [resource, object] = name.includes('/') ? name.split('/') : ['secrets', name];
  return {
    kind: 'kubernetes',
    resource: resource.toLowerCase(),
    name: object,
    account: `${files}/var/run/secrets/kubernetes.io/serviceaccount`,
    server: `https://${settingOf('KUBERNETES_SERVICE_HOST')}:${settingOf('KUBERNETES_SERVICE_PORT') ?? 443}`,
  };
}

/** Whether a setting says yes, in the spellings that the host knows. */
export function isTrue(value) {
  return /^(true|1)$/i.test(String(value ?? ''));
}

/** Text with each `%NAME%` replaced by the setting; throws when one is missing. */
export function resolved(text, settingOf) {
  return text.replace(/%([^%]+)%/g, (whole, name) => {
    const value = settingOf(name);
    if (value === undefined) throw new Error(`"${whole}" does not resolve to a value. Set the app setting "${name}".`);
    return value;
  });
}

/**
 * Connection string for the `connection` of a binding, or the address `{ endpoint, clientId }` of a service to which an
 * identity signs in; throws, naming the setting, when there is neither.
 */
export function connectionFor(connection, settingOf) {
  const name = connection || 'AzureWebJobsStorage';
  const value =
    settingOf(`AzureWebJobs${name}`) ??
    settingOf(name) ??
    settingOf(`ConnectionStrings:${name}`) ??
    identityOf(`AzureWebJobs${name}`, settingOf) ??
    identityOf(name, settingOf);
  if (value === undefined) throw new Error(`The connection "${name}" has no app setting. Set "${name}".`);
  return value;
}

function identityOf(name, settingOf) {
  const part = each => settingOf(`${name}__${each}`);
  const account = part('accountName');
  const endpoint = part('queueServiceUri') ?? (account && `https://${account}.queue.core.windows.net`);
  return endpoint && { endpoint: endpoint.replace(/\/+$/, ''), clientId: part('clientId') };
}
