import { join } from 'node:path';
import type { Lab } from './lab.ts';

/** What to paste to try things by hand in a running lab, and what the lab does not show. */
export function guideTo(lab: Lab, baseImages: readonly string[]): string {
  const { registry, queue, kubeconfig, tools, nodeKind } = lab;
  const base = baseImages[0] ?? `${registry.host}/<base image>`;
  return `
The lab is up, with ${nodeKind === 'real' ? 'a real node beside a fake one' : `fake nodes only: ${lab.nodeObstacle}`}.

  export KUBECONFIG=${kubeconfig}
  export PATH=${tools}:$PATH                       # kubectl, crane
  export AKS_FUNCTIONS_REGISTRY_PASSWORD=${registry.password}
  export QUEUES='${queue.connectionString}'

Registry       ${registry.host}, user "${registry.username}", password above
Base images    ${baseImages.join('\n               ') || 'none'}
Logs           ${lab.logs}${nodeKind === 'real' ? `\nLogs of pods   ${lab.podLogs}` : ''}

Deploy an app of yours, from its folder:

  node ${join(import.meta.dirname, '../../dist/cli.cjs')} deploy . --auth none --kubeconfig $KUBECONFIG \\
    --registry ${registry.host}/apps --registry-username ${registry.username} \\
    --base-image ${base} --expose load-balancer

Not shown: ${notShown[nodeKind]}
`;
}

const always =
  'sign-in to Azure, names of Services inside of pods (there is no DNS), the official Functions host (a stand-in runs).';

const notShown = {
  real: always,
  fake: `that images can be pulled and containers run and answer (pods of a fake node become ready by themselves), ${always}`,
} as const;
