import { removeCredentialFile } from '../edges/credential-file.ts';
import type { Output } from '../outputs.ts';

/** Removes the kubeconfig that the main step has written; one that is gone already is nothing to tell. */
export async function removeKubeconfig(path: string, { info }: Output): Promise<void> {
  if (await removeCredentialFile(path)) info(`Removed the kubeconfig "${path}"`);
}
