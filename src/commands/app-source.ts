import { basename, resolve } from 'node:path';
import type { AppInputs } from '../core/inputs/inputs.ts';
import type { SourceTree } from '../core/project.ts';
import { AppFolder } from '../edges/workspace/app-folder.ts';
import type { TextFiles } from '../flows/prepare.ts';
import type { Surroundings } from '../inputs.ts';
import type { Output } from '../outputs.ts';

/** Source of the app, or undefined when the folder holds none: then a command must do with the cluster. */
export async function readSourceIfThere(
  inputs: AppInputs,
  files: TextFiles,
  surroundings: Surroundings,
  output: Output,
): Promise<SourceTree | undefined> {
  if ((await files.read(`${inputs.appDirectory}/host.json`)) === undefined) return undefined;
  return new AppFolder({
    directory: resolve(inputs.appDirectory),
    log: output,
    environment: surroundings.environment,
  }).readSource();
}

/** A tree without files that carries the folder's name alone. */
export function bareSource({ appDirectory }: AppInputs): SourceTree {
  return { folder: basename(resolve(appDirectory)), paths: [], texts: new Map() };
}
