import type { Secret } from '../secret.ts';

/** Ways to sign in. */
export const authKinds = ['oidc', 'managed-identity', 'client-secret', 'azure-cli', 'none'] as const;

/** Who signs in, and how. */
export type SignIn =
  | { readonly auth: 'oidc'; readonly clientId: string; readonly tenantId: string }
  | {
      readonly auth: 'client-secret';
      readonly clientId: string;
      readonly tenantId: string;
      readonly clientSecret: Secret;
    }
  | {
      readonly auth: 'managed-identity' | 'azure-cli';
      readonly clientId?: string | undefined;
      readonly tenantId?: string | undefined;
    };
