import { resolve } from 'node:path';
import { credentialHostOf } from '../core/credential-host.ts';
import { formatImageReference, parseImageReference } from '../core/image.ts';
import { dockerConfigJson } from '../core/image-pull-secret.ts';
import { parseRenderInputs, type RenderInputs } from '../core/inputs/inputs.ts';
import type { RawInputs } from '../core/inputs/reader.ts';
import { hiddenSecretsOf, renderObjects } from '../core/manifests/render.ts';
import { keysSecretName } from '../core/names.ts';
import { planDeployment } from '../core/plan.ts';
import { textFiles } from '../edges/text-files.ts';
import { AppFolder } from '../edges/workspace/app-folder.ts';
import { asUsageError } from '../errors.ts';
import { prepareAppOrImage } from '../flows/prepare-image.ts';
import type { CommandSetting } from './command.ts';
import { openRegistries } from './registries.ts';

/** How to render, beside the inputs. */
export interface RenderFlags {
  readonly format: 'yaml' | 'json';
  readonly includeSecrets: boolean;
  /** KEDA that the manifests are for. */
  readonly kedaVersion?: string | undefined;
}

/** Text of an app's manifests and its name; contacts nothing but the registry, and that only where no folder holds the app. */
export async function renderApp(raw: RawInputs, flags: RenderFlags, setting: CommandSetting) {
  const { output } = setting;
  const inputs = parseRenderInputs(raw);
  const { app } = await prepare(inputs, flags, setting);
  const image = parseImageReference(inputs.image);
  const { registryUsername, registryPassword } = inputs;
  const host = credentialHostOf(inputs);
  const pullConfig =
    host && registryUsername && registryPassword
      ? dockerConfigJson(host, registryUsername, registryPassword)
      : undefined;
  const { objects } = planDeployment(app, { reference: formatImageReference(image), pullConfig });
  for (const { message } of app.notices) output.notice(message);
  const hidden = flags.includeSecrets ? [] : hiddenSecretsOf(objects);
  if (hidden.length > 0)
    output.notice(`The values of ${hidden.join(', ')} are left out. Add them with "--include-secrets".`);
  output.notice(
    `Secret "${keysSecretName(app.name)}" with the function keys is not rendered. It is made in the cluster when "deploy" finds none.`,
  );
  return { name: app.name, text: renderObjects(objects, flags) };
}

async function prepare(inputs: RenderInputs, { kedaVersion }: RenderFlags, setting: CommandSetting) {
  const { surroundings, output, signal } = setting;
  const { environment, repositoryId } = surroundings;
  using registries = openRegistries(inputs, setting);
  const ports = {
    workspace: new AppFolder({ directory: resolve(inputs.appDirectory), log: output, environment }),
    files: textFiles(process.cwd()),
    mask: output.mask,
    registryAt: (host: string) => registries.at(host),
    log: output,
  };
  try {
    return await prepareAppOrImage(inputs, ports, { repositoryId, kedaVersion, signal });
  } catch (error) {
    // Where not even the image can be read, what is wrong is the folder.
    throw asUsageError(error);
  }
}
