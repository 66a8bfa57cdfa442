import { randomBytes } from 'node:crypto';

export type RegistryAction = 'pull' | 'push' | 'delete';

/** What a user may do where; a `repository` that ends with `*` stands for all that begin so. */
export interface RegistryRight {
  readonly repository: string;
  readonly actions: readonly RegistryAction[];
}

export interface RegistryUser {
  readonly username: string;
  readonly password: string;
  readonly rights: readonly RegistryRight[];
}

interface Grant {
  readonly repository: string;
  readonly actions: readonly string[];
}

interface Token {
  readonly grants: readonly Grant[];
  readonly expires: number;
}

const lifetime = 300_000;

/** Who may use the registry, and the tokens given out. */
export class RegistryUsers {
  readonly #users = new Map<string, RegistryUser>();
  readonly #tokens = new Map<string, Token>();

  /** Adds a user, or replaces the one of the same name; tokens given out before keep their rights. */
  add(user: RegistryUser): void {
    this.#users.set(user.username, user);
  }

  /** A token with those of the asked `scopes` that the user may have; undefined for an unknown user or a wrong password. */
  tokenFor(username: string, password: string, scopes: readonly string[]): string | undefined {
    const user = this.#users.get(username);
    if (!user || user.password !== password) return undefined;
    const token = randomBytes(32).toString('base64url');
    const grants = scopes.flatMap(scope => grantFor(user, scope));
    this.#tokens.set(token, { grants, expires: Date.now() + lifetime });
    return token;
  }

  /** `unknown`: no such token, or it has expired; `refused`: it lacks the right. */
  check(token: string, repository: string, action: RegistryAction): 'allowed' | 'refused' | 'unknown' {
    const found = this.#tokens.get(token);
    if (!found || found.expires < Date.now()) return 'unknown';
    const allowed = found.grants.some(grant => grant.repository === repository && grant.actions.includes(action));
    return allowed ? 'allowed' : 'refused';
  }

  /** Whether the token is one of ours and still good. */
  knows(token: string): boolean {
    return (this.#tokens.get(token)?.expires ?? 0) >= Date.now();
  }

  /** All tokens given out end at once, as if their time were over. */
  expireTokens(): void {
    this.#tokens.clear();
  }
}

function grantFor(user: RegistryUser, scope: string): readonly Grant[] {
  const { repository, actions } = /^repository:(?<repository>.+):(?<actions>[^:]*)$/.exec(scope)?.groups ?? {};
  if (!repository || actions === undefined) return [];
  const asked = actions.split(',');
  const allowed = user.rights.filter(right => covers(right.repository, repository)).flatMap(right => right.actions);
  return [{ repository, actions: asked.includes('*') ? allowed : allowed.filter(action => asked.includes(action)) }];
}

function covers(pattern: string, repository: string): boolean {
  return pattern.endsWith('*') ? repository.startsWith(pattern.slice(0, -1)) : repository === pattern;
}
