import { resolve } from 'node:path';
import { credentialHostOf } from '../core/credential-host.ts';
import { countProblems } from '../core/doctor/checks.ts';
import type { DoctorSubject, PlannedApp } from '../core/doctor/facts.ts';
import { type DoctorResult, doctorOutputs, doctorSummary, doctorText } from '../core/doctor/report.ts';
import { parseImageReference, parseRegistry, repositoryOf } from '../core/image.ts';
import { dockerConfigJson } from '../core/image-pull-secret.ts';
import { type DoctorInputs, parseDoctorInputs } from '../core/inputs/doctor.ts';
import { planDeployment } from '../core/plan.ts';
import { appNameOf } from '../core/resolve-app.ts';
import { connectForInspection } from '../edges/cluster/inspected-cluster.ts';
import type { Registries } from '../edges/registry/registries.ts';
import { systemClock } from '../edges/system-clock.ts';
import { textFiles } from '../edges/text-files.ts';
import { AppFolder } from '../edges/workspace/app-folder.ts';
import { UserError } from '../errors.ts';
import { visitDoctor } from '../flows/doctor.ts';
import type { DoctorAzure, DoctorPorts } from '../flows/doctor-port.ts';
import { look } from '../flows/look.ts';
import { loadConfig } from '../flows/prepare.ts';
import { prepareAppOrImage } from '../flows/prepare-image.ts';
import { bareSource } from './app-source.ts';
import { type Azure, type AzureSetting, openAzure } from './azure.ts';
import type { Command } from './command.ts';
import { openRegistries, withLoginServer } from './registries.ts';
import { connectionOptions } from './target.ts';

/** Finds everything that would make a deployment fail and, when asked, mends it; not ok while a problem remains. */
export const doctor: Command = async (raw, surroundings, output, signal) => {
  const given = parseDoctorInputs(raw);
  const setting = { surroundings, output, signal };
  const opened = await look(() => openAzure(given, setting));
  using azure = opened.kind === 'known' ? opened.value : undefined;
  // A sign-in that fails is told by its own check; the registry is then looked for under its usual name.
  const named = await look(() => withLoginServer(given, azure?.known, signal));
  const inputs = named.kind === 'known' ? named.value : given;
  using registries = openRegistries(inputs, { ...setting, azure: azure?.registries });
  const subject = await subjectOf(inputs);
  const files = textFiles(process.cwd());
  const hasApp = inputs.image !== undefined || (await files.read(`${inputs.appDirectory}/host.json`)) !== undefined;
  const isAppMeant = hasApp || !['', '.'].includes(raw.get('app-directory')?.trim() ?? '');
  const { fix, installKeda, timeout } = inputs;
  const readApp = isAppMeant ? () => plannedApp(inputs, subject, { ...setting, registries }) : undefined;
  const unreachable = opened.kind === 'known' || opened.kind === 'skipped' ? undefined : opened.reason;
  const result = await visitDoctor(
    { subject, readApp, fix, installKeda, timeout },
    {
      azure: azure
        ? azureOf(azure, inputs)
        : unreachable === undefined
          ? undefined
          : unreachableAzure(inputs, unreachable),
      connect: connectionsOf(inputs, azure, setting),
      tryPush: tryPushOf(subject, inputs, registries),
      log: output,
      clock: systemClock,
      signal,
    },
  );
  return resultOf(result, output);
};

function resultOf(result: DoctorResult, { fail, redact }: AzureSetting['output']) {
  const problems = result.checks.filter(check => check.state === 'problem');
  if (problems.length > 0)
    fail(new UserError(problems.map(({ title, evidence }) => ({ message: `${title}: ${evidence}` }))));
  return {
    outputs: doctorOutputs(result),
    summary: redact(doctorSummary(result)),
    text: redact(doctorText(result)),
    ok: countProblems(result.checks) === 0,
  };
}

/** A file that cannot be read is the fault of another check; the folder then gives the name. */
async function subjectOf(inputs: DoctorInputs): Promise<DoctorSubject> {
  const source = bareSource(inputs);
  const named = await look(async () =>
    appNameOf(inputs.name, await loadConfig(inputs, textFiles(process.cwd()), source), source.folder),
  );
  const name = named.kind === 'known' ? named.value : (inputs.name ?? source.folder);
  return {
    name,
    namespace: inputs.namespace,
    image: imageOf(inputs, name),
    pullsWithSecret: inputs.registryUsername !== undefined,
  };
}

function imageOf({ registry, image }: DoctorInputs, name: string): DoctorSubject['image'] {
  if (image !== undefined) return parseImageReference(image);
  if (registry === undefined) return undefined;
  const address = parseRegistry(registry);
  return { host: address.host, repository: repositoryOf(address, name) };
}

/** The digest is not known before the image is built, and no policy looks at more than that there is one. */
const someDigest = `sha256:${'0'.repeat(64)}`;

async function plannedApp(
  inputs: DoctorInputs,
  subject: DoctorSubject,
  { surroundings, output, signal, registries }: AzureSetting & { readonly registries: Registries },
): Promise<PlannedApp> {
  const { environment, repositoryId } = surroundings;
  const workspace = new AppFolder({ directory: resolve(inputs.appDirectory), log: output, environment });
  const ports = { workspace, files: textFiles(process.cwd()), mask: output.mask, log: output };
  const registryAt = (host: string) => registries.at(host);
  const { app } = await prepareAppOrImage(inputs, { ...ports, registryAt }, { repositoryId, signal });
  const { host = 'registry.invalid', repository = app.name } = subject.image ?? {};
  const reference = inputs.image ?? `${host}/${repository}@${someDigest}`;
  return { app, objects: planDeployment(app, { reference, pullConfig: pullConfigOf(inputs) }).objects };
}

function pullConfigOf(inputs: DoctorInputs) {
  const { registryUsername, registryPassword } = inputs;
  const host = credentialHostOf(inputs);
  if (!host || !registryUsername || !registryPassword) return undefined;
  return dockerConfigJson(host, registryUsername, registryPassword);
}

function tryPushOf({ image }: DoctorSubject, inputs: DoctorInputs, registries: Registries): DoctorPorts['tryPush'] {
  if (!image || inputs.image !== undefined) return undefined;
  return signal => registries.at(image.host).tryPush(image.repository, signal);
}

function azureOf(azure: Azure, inputs: DoctorInputs): DoctorAzure {
  const { identity, assertion, resourceManager, clusters } = azure;
  const { scopes, tokenExchangeAudience: expectedAudience } = identity.environment;
  const { cluster } = inputs;
  return {
    token: assertion && (async () => ({ ...(await assertion()), expectedAudience })),
    signIn: signal => identity.principal(scopes.resourceManager, signal),
    resourceManager,
    findCluster: clusters && cluster && (signal => clusters.find(cluster, signal)),
  };
}

/** Azure whose sign-in fails before it was tried. */
function unreachableAzure({ cluster }: DoctorInputs, reason: string): DoctorAzure {
  const refuse = () => Promise.reject(new UserError(reason));
  return {
    token: undefined,
    signIn: refuse,
    resourceManager: undefined,
    findCluster: cluster && refuse,
  };
}

function connectionsOf(inputs: DoctorInputs, azure: Azure | undefined, setting: AzureSetting): DoctorPorts['connect'] {
  return async (cluster, signal) => {
    const { cluster: id } = inputs;
    const kubeconfig = cluster && id && (await azure?.clusters?.kubeconfig(id, signal));
    const ready = cluster && kubeconfig && { cluster, kubeconfig };
    return connectForInspection(connectionOptions(inputs, ready, { ...setting, azure }));
  };
}
