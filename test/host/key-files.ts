import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Folder that stands for `/` of a container with mounted function keys, and the settings that name it. */
export interface KeyFiles extends AsyncDisposable {
  readonly settings: Readonly<Record<string, string>>;
}

/** Mounts keys given by name. */
export async function keyFiles(keys: Readonly<Record<string, string>>): Promise<KeyFiles> {
  const root = await mkdtemp(join(tmpdir(), 'aks-functions-keys-'));
  const folder = join(root, 'run/secrets/functions-keys');
  await mkdir(folder, { recursive: true });
  for (const [name, key] of Object.entries(keys)) await writeFile(join(folder, name), key);
  return {
    settings: { STAND_IN_HOST_FILES: root, AzureWebJobsSecretStorageType: 'kubernetes' },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}
