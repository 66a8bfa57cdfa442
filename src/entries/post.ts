import { readRemembered } from '../inputs.ts';
import { runPost } from '../run-action.ts';

void runPost(async output => {
  const kubeconfig = readRemembered('kubeconfig-file');
  if (kubeconfig) await (await import('../commands/post.ts')).removeKubeconfig(kubeconfig, output);
});
