/** What an identity may want at a registry. */
export type RegistryAct = 'pull' | 'push' | 'delete';

interface RegistryRoles {
  /** On a registry whose rights are those of the whole registry. */
  readonly plain: string;
  /** On a registry whose rights are given by repository. */
  readonly byRepository: string;
}

/** The least role for each act. */
export const registryRoles: Readonly<Record<RegistryAct, RegistryRoles>> = {
  pull: { plain: 'AcrPull', byRepository: 'Container Registry Repository Reader' },
  push: { plain: 'AcrPush', byRepository: 'Container Registry Repository Writer' },
  delete: { plain: 'AcrDelete', byRepository: 'Container Registry Repository Contributor' },
};

/** Ids of the built-in roles that let an identity pull, by the kind of registry. */
export const pullRoleIds = {
  plain: [
    '7f951dda-4ed3-4680-a7ca-43fe172d538d', // AcrPull
    '8311e382-0749-4cb8-b61a-304f252e45ec', // AcrPush
    'acdd72a7-3385-48ef-bd42-f606fba81ae7', // Reader
    'b24988ac-6180-42a0-ab88-20f7382dd24c', // Contributor
    '8e3af657-a8ff-443c-a75c-2fe8c4bcb635', // Owner
  ],
  byRepository: [
    'b93aa761-3e63-49ed-ac28-beffa264f7ac', // Container Registry Repository Reader
    '2a1e307c-b015-4ebd-883e-5b7698a07328', // Container Registry Repository Writer
    '2efddaa5-3f1f-4df3-97df-af3f13818f4c', // Container Registry Repository Contributor
  ],
} as const;

/** Sentence that names the role and the command that gives it; `assignee` is an object or client id, `loginServer` the registry's host. */
export function grantAdvice(act: RegistryAct, assignee: string, loginServer: string): string {
  const { plain, byRepository } = registryRoles[act];
  return `Give it the role ${plain}, or "${byRepository}" where the registry gives rights by repository: ${grantCommand(plain, assignee, loginServer)}`;
}

function grantCommand(role: string, assignee: string, loginServer: string): string {
  return `az role assignment create --role "${role}" --assignee "${assignee}" --scope "$(az acr list --query "[?loginServer=='${loginServer}'].id" --output tsv)"`;
}
