import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cloud } from './cloud/cloud.ts';
import { type GroundCloud, registryPublicName } from './lab-cloud.ts';

/** Folder of containerd's settings for registries. */
export function registryHosts(node: string): string {
  return join(node, 'certs.d');
}

/** Lets containerd pull from the cloud's registry, by its address and by the name that it would have in Azure. */
export async function trustRegistry(node: string, { address, caFile }: Cloud): Promise<void> {
  const settings = `server = "${address}"
[host."${address}"]
  capabilities = ["pull", "resolve"]
  ca = "${caFile}"
`;
  for (const name of namesOf(address)) {
    const folder = join(registryHosts(node), name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'hosts.toml'), settings);
  }
}

function namesOf(address: string): readonly string[] {
  return [new URL(address).host, registryPublicName];
}

const provider = 'acr-credential-provider';

/** Writes what the kubelet signs in with at the cloud's registry, as on AKS; gives its flags. */
export async function credentialProviderFlags(node: string, cloud: GroundCloud): Promise<readonly string[]> {
  const folder = join(node, 'credential-providers');
  await mkdir(folder, { recursive: true });
  const program = join(folder, provider);
  const script = join(import.meta.dirname, 'credential-provider.ts');
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${script}'\n`);
  await chmod(program, 0o755);
  const config = join(node, 'credential-providers.json');
  await writeFile(config, JSON.stringify(configOf(cloud)));
  return ['--image-credential-provider-config', config, '--image-credential-provider-bin-dir', folder];
}

function configOf({ cloud, kubelet }: GroundCloud): unknown {
  const { address, caFile } = cloud;
  const env = { CLOUD_ADDRESS: address, IDENTITY_CLIENT_ID: kubelet.clientId, NODE_EXTRA_CA_CERTS: caFile };
  return {
    apiVersion: 'kubelet.config.k8s.io/v1',
    kind: 'CredentialProviderConfig',
    providers: [
      {
        name: provider,
        apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
        // A host without its port would not match.
        matchImages: namesOf(address),
        // A role that is given must count at the next attempt; an empty answer would be kept as well.
        defaultCacheDuration: '0s',
        env: Object.entries(env).map(([name, value]) => ({ name, value })),
      },
    ],
  };
}
