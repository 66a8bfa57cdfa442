import { resolve } from 'node:path';
import { formatImageReference, parseRegistry } from '../core/image.ts';
import { dockerConfigJson } from '../core/image-pull-secret.ts';
import { renderObjects } from '../core/manifests/render.ts';
import { planDeployment } from '../core/plan.ts';
import { deploymentOutputs, deploymentSummary, deploymentText, failureSummary } from '../core/report.ts';
import type { Secret } from '../core/secret.ts';
import { connectCluster } from '../edges/cluster/kubernetes-cluster.ts';
import { Docker } from '../edges/docker/docker.ts';
import { textFiles } from '../edges/text-files.ts';
import { describeError } from '../errors.ts';
import { buildImage, decideImage } from '../flows/build-image.ts';
import { type DeployResult, deploy } from '../flows/deploy.ts';
import type { ImageBuilder } from '../flows/ports.ts';
import { type Prepared, prepareApp } from '../flows/prepare.ts';
import { writeOutputs, writeSummary } from '../outputs.ts';
import type { CommandResult } from './command.ts';
import type { DeploySetting } from './deploy.ts';

/** Reads the app and deploys it, or renders its manifests into a folder. */
export async function carryOut(setting: DeploySetting): Promise<CommandResult> {
  const { inputs, folder, output, surroundings } = setting;
  const files = textFiles(process.cwd());
  const prepared = await output.group('Read the app', async () => {
    const app = await prepareApp(inputs, { workspace: folder, files, mask: output.mask }, surroundings.repositoryId);
    output.info(`Found ${app.app.project.functions.length} functions of model ${app.app.project.model} in ${inputs.appDirectory}`);
    return app;
  });
  for (const { message } of prepared.app.notices) output.notice(message);
  const images = await imageBuilderOf(setting, prepared);
  return inputs.mode === 'render' ? renderInto(setting, prepared, images, files) : deployInto(setting, prepared, images);
}

async function deployInto(setting: DeploySetting, prepared: Prepared, images: ImageBuilder): Promise<CommandResult> {
  const { inputs, output, signal, surroundings } = setting;
  const { mask, redact } = output;
  const kubeconfig = inputs.kubeconfig ?? '';
  const cluster = await connectCluster({ kubeconfig, mask, signal });
  let known: Partial<DeployResult> = {};
  const learn = (more: Partial<DeployResult>) => {
    known = { ...known, ...more };
  };
  const { wait, verify, prune, timeout } = inputs;
  try {
    const result = await deploy(
      { prepared, wait, verify, prune, timeout, context: surroundings.context, pullConfig: pullConfigOf(setting) },
      { cluster, images, log: output, mask, now: () => new Date(), signal, learn },
    );
    const outputs = deploymentOutputs(prepared.app, result);
    return { outputs, summary: redact(deploymentSummary(prepared.app, result)), text: redact(deploymentText(prepared.app, result)), ok: true };
  } catch (error) {
    writeOutputs(deploymentOutputs(prepared.app, known), redact);
    await writeSummary(redact(failureSummary(prepared.app, known, describeError(error))), surroundings.summaryFile);
    throw error;
  }
}

async function renderInto(setting: DeploySetting, { app }: Prepared, images: ImageBuilder, files: ReturnType<typeof textFiles>): Promise<CommandResult> {
  const { inputs, output, signal } = setting;
  const image = await images.build(signal);
  const reference = formatImageReference(image.image);
  const plan = planDeployment(app, { reference, pullConfig: pullConfigOf(setting) });
  const directory = inputs.manifestsDirectory ?? '.';
  const path = `${directory}/${app.name}.yaml`;
  await files.write(path, renderObjects(plan.objects, { format: 'yaml', includeSecrets: false }));
  output.info(`Wrote ${plan.objects.length} objects to ${path}`);
  const outputs = { ...deploymentOutputs(app, { image }), 'manifests-directory': directory };
  return { outputs, summary: `### ${app.name}: manifests rendered\n\n${plan.objects.length} objects in \`${path}\`.\n`, text: path, ok: true };
}

async function imageBuilderOf({ inputs, folder, registries, surroundings, output, signal }: DeploySetting, { app, source }: Prepared): Promise<ImageBuilder> {
  const { registryUsername: username, registryPassword: password } = inputs;
  const credentials = username && password ? { username, password } : undefined;
  const engine = new Docker({ log: output, environment: surroundings.environment, credentials });
  const tags = inputs.tags.length > 0 || !surroundings.commit ? inputs.tags : [surroundings.commit];
  const plan = await decideImage({ ...inputs, appName: app.name, runtime: app.project.runtime, source, appDirectory: resolve(inputs.appDirectory), tags }, engine, signal);
  const ports = { engine, registryAt: (host: string) => registries.at(host), content: folder, log: output };
  return { build: stop => buildImage(plan, ports, stop) };
}

/** The cluster pulls with the credentials that pushed, unless the file names pull secrets of its own. */
function pullConfigOf({ inputs }: DeploySetting): Secret | undefined {
  const { registry, registryUsername, registryPassword } = inputs;
  if (!registry || !registryUsername || !registryPassword) return undefined;
  return dockerConfigJson(parseRegistry(registry).host, registryUsername, registryPassword);
}
