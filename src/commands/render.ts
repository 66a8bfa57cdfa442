import { resolve } from 'node:path';
import { credentialHostOf } from '../core/credential-host.ts';
import { formatImageReference, parseImageReference } from '../core/image.ts';
import { dockerConfigJson } from '../core/image-pull-secret.ts';
import { parseRenderInputs } from '../core/inputs/inputs.ts';
import type { RawInputs } from '../core/inputs/reader.ts';
import { hiddenSecretsOf, renderObjects } from '../core/manifests/render.ts';
import { keysSecretName } from '../core/names.ts';
import { planDeployment } from '../core/plan.ts';
import { textFiles } from '../edges/text-files.ts';
import { AppFolder } from '../edges/workspace/app-folder.ts';
import { prepareApp } from '../flows/prepare.ts';
import type { Surroundings } from '../inputs.ts';
import type { Output } from '../outputs.ts';

/** How to render, beside the inputs. */
export interface RenderFlags {
  readonly format: 'yaml' | 'json';
  readonly includeSecrets: boolean;
  /** KEDA that the manifests are for. */
  readonly kedaVersion?: string | undefined;
}

/** Text of an app's manifests and its name; contacts nothing. */
export async function renderApp(raw: RawInputs, flags: RenderFlags, surroundings: Surroundings, output: Output) {
  const inputs = parseRenderInputs(raw);
  const folder = new AppFolder({
    directory: resolve(inputs.appDirectory),
    log: output,
    environment: surroundings.environment,
  });
  const { app } = await prepareApp(
    inputs,
    { workspace: folder, files: textFiles(process.cwd()), mask: output.mask },
    surroundings.repositoryId,
    flags.kedaVersion,
  );
  const image = parseImageReference(inputs.image);
  const { registryUsername, registryPassword } = inputs;
  const host = credentialHostOf({ registry: raw.get('registry'), image: inputs.image });
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
