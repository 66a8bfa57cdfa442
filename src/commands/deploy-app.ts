import { resolve } from 'node:path';
import type { App } from '../core/app.ts';
import { credentialHostOf, imageHostOf } from '../core/credential-host.ts';
import { formatImageReference } from '../core/image.ts';
import { dockerConfigJson } from '../core/image-pull-secret.ts';
import { renderObjects } from '../core/manifests/render.ts';
import { planDeployment } from '../core/plan.ts';
import { deploymentOutputs, deploymentSummary, deploymentText, failureSummary } from '../core/report.ts';
import type { Secret } from '../core/secret.ts';
import { Docker } from '../edges/docker/docker.ts';
import { removeLeftovers } from '../edges/staging.ts';
import { textFiles } from '../edges/text-files.ts';
import { AppFolder } from '../edges/workspace/app-folder.ts';
import { describeError } from '../errors.ts';
import type { ManagedCluster } from '../flows/azure-port.ts';
import { buildImage, decideImage } from '../flows/build-image.ts';
import { type DeployResult, deploy } from '../flows/deploy.ts';
import type { ImageBuilder } from '../flows/ports.ts';
import type { Prepared } from '../flows/prepare.ts';
import { compareWithImage, type PreparedFrom, prepareAppOrImage } from '../flows/prepare-image.ts';
import { assertPullRight } from '../flows/pull-right.ts';
import type { CommandResult } from './command.ts';
import type { DeploySetting } from './deploy.ts';
import { openTarget } from './target.ts';

/** Reads the app and deploys it, or renders its manifests into a folder; a failure's outputs and summary have what was known by then. */
export async function carryOut(setting: DeploySetting): Promise<CommandResult> {
  const { inputs, output, surroundings } = setting;
  for (const path of await removeLeftovers(surroundings.environment))
    output.info(`Removed ${path}, which a run that was killed had left`);
  const folder = new AppFolder({
    directory: resolve(inputs.appDirectory),
    log: output,
    environment: surroundings.environment,
  });
  const files = textFiles(process.cwd());
  const prepared = await output.group('Read the app', async () => {
    const ports = {
      workspace: folder,
      files,
      mask: output.mask,
      registryAt: (host: string) => setting.registries.at(host),
      log: output,
    };
    const { repositoryId } = surroundings;
    const app = await prepareAppOrImage(inputs, ports, { repositoryId, signal: setting.signal });
    const { functions, model } = app.app.project;
    output.info(
      `Found ${functions.length} function${functions.length === 1 ? '' : 's'} of model ${model} in ${app.image ? 'the image' : inputs.appDirectory}`,
    );
    return app;
  });
  const isFinal = inputs.mode === 'render';
  for (const { message, provisional } of prepared.app.notices) if (isFinal || !provisional) output.notice(message);
  let known: Partial<DeployResult> = {};
  const learn = (more: Partial<DeployResult>) => {
    for (const message of newNotices(prepared.app, more.app)) output.notice(message);
    known = { ...known, ...more };
  };
  try {
    const images = await imageBuilderOf(setting, folder, prepared);
    return inputs.mode === 'render'
      ? await renderInto(setting, prepared, images, files)
      : await deployInto(setting, prepared, images, learn);
  } catch (error) {
    await output.report(
      deploymentOutputs(prepared.app, known),
      failureSummary(prepared.app, known, describeError(error)),
    );
    throw error;
  }
}

/** What the cluster's KEDA adds to what was said before it was asked. */
function newNotices(before: App, now: App | undefined): readonly string[] {
  const said = new Set(before.notices.filter(notice => !notice.provisional).map(notice => notice.message));
  return (now?.notices ?? []).map(notice => notice.message).filter(message => !said.has(message));
}

async function deployInto(
  setting: DeploySetting,
  prepared: Prepared,
  images: ImageBuilder,
  learn: (known: Partial<DeployResult>) => void,
): Promise<CommandResult> {
  const { inputs, azure, output, signal, surroundings } = setting;
  const { mask, redact } = output;
  const { cluster, managedCluster } = await openTarget(inputs, azure, setting);
  const { wait, verify, prune, timeout } = inputs;
  const result = await deploy(
    { prepared, wait, verify, prune, timeout, context: surroundings.context, pullConfig: pullConfigOf(setting) },
    { cluster, images, assertPullable: pullCheckOf(setting, managedCluster), log: output, mask, signal, learn },
  );
  const outputs = deploymentOutputs(prepared.app, result);
  return {
    outputs,
    summary: redact(deploymentSummary(prepared.app, result)),
    text: redact(deploymentText(prepared.app, result)),
    ok: true,
  };
}

/** Looks up the right of the nodes to pull, where the registry is one of Azure and the app brings no pull secret for it. */
function pullCheckOf(setting: DeploySetting, cluster: ManagedCluster | undefined): (() => Promise<void>) | undefined {
  const { inputs, azure, output, signal } = setting;
  const { known, resourceManager: resources } = azure ?? {};
  const host = imageHostOf(inputs);
  if (!cluster || !known || !resources || !host || pullConfigOf(setting)) return undefined;
  return async () => {
    const registry = await known.find(host, signal);
    if (registry) await assertPullRight(registry, cluster, { resources, log: output, signal });
  };
}

async function renderInto(
  setting: DeploySetting,
  { app }: Prepared,
  images: ImageBuilder,
  files: ReturnType<typeof textFiles>,
): Promise<CommandResult> {
  const { inputs, output, signal } = setting;
  const image = await images.build(signal);
  const reference = formatImageReference(image.image);
  const plan = planDeployment(app, { reference, pullConfig: pullConfigOf(setting) });
  const directory = inputs.manifestsDirectory ?? '.';
  const path = `${directory}/${app.name}.yaml`;
  await files.write(path, renderObjects(plan.objects, { format: 'yaml', includeSecrets: false }));
  output.info(`Wrote ${plan.objects.length} objects to ${path}`);
  const outputs = { ...deploymentOutputs(app, { image }), 'manifests-directory': directory };
  return {
    outputs,
    summary: `### ${app.name}: manifests rendered\n\n${plan.objects.length} objects in \`${path}\`.\n`,
    text: path,
    ok: true,
  };
}

async function imageBuilderOf(
  { inputs, registries, surroundings, output, signal }: DeploySetting,
  folder: AppFolder,
  prepared: PreparedFrom,
): Promise<ImageBuilder> {
  const { app, source } = prepared;
  const engine = new Docker({
    log: output,
    environment: surroundings.environment,
    credentials: (host, stop) => registries.at(host).credentials(stop),
  });
  const tags = inputs.tags.length > 0 || !surroundings.commit ? inputs.tags : [surroundings.commit];
  const plan = await decideImage(
    {
      ...inputs,
      // What was read is deployed, even when its tag has moved since.
      ...(prepared.image ? { image: formatImageReference(prepared.image) } : {}),
      appName: app.name,
      runtime: app.project.runtime,
      source,
      appDirectory: resolve(inputs.appDirectory),
      tags,
    },
    engine,
    signal,
  );
  const ports = { engine, registryAt: (host: string) => registries.at(host), content: folder, log: output };
  // Layers hold the source itself, and rendering must do without the registry.
  const isCompared = !prepared.image && plan.kind !== 'layers' && inputs.mode === 'deploy';
  return {
    async build(stop) {
      const built = await buildImage(plan, ports, stop);
      if (isCompared) await compareWithImage(built.image, prepared, ports, { platform: inputs.platform, signal: stop });
      return built;
    },
  };
}

/** The cluster pulls with the credentials that pushed, unless the file names pull secrets of its own. */
function pullConfigOf({ inputs }: DeploySetting): Secret | undefined {
  const { registryUsername, registryPassword } = inputs;
  const host = credentialHostOf(inputs);
  if (!host || !registryUsername || !registryPassword) return undefined;
  return dockerConfigJson(host, registryUsername, registryPassword);
}
