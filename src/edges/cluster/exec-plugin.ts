import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Secret } from '../../core/secret.ts';
import { UsageError } from '../../errors.ts';

/** The command of a kubeconfig's user, as its field `exec` names it. */
export interface ExecCommand {
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
}

/** What the command printed: a token, a client certificate, or both. */
export interface Credential {
  readonly token?: string;
  readonly clientCertificateData?: string;
  readonly clientKeyData?: string;
  readonly expirationTimestamp?: string;
}

/** What gives a credential in place of one that the kubeconfig holds. */
export interface CredentialSource {
  credential(signal: AbortSignal): Promise<Credential>;
}

/** Milliseconds for the command, which may have to sign in. */
const commandDeadline = 60_000;

/** Runs the command of a kubeconfig when its last credential has expired, once for all who wait. */
export class ExecPlugin implements CredentialSource {
  readonly #exec: ExecCommand;
  readonly #mask: (secret: Secret) => void;
  readonly #deadline: number;
  #latest: Credential | undefined;
  #running: Promise<Credential> | undefined;

  constructor(exec: ExecCommand, mask: (secret: Secret) => void, deadline = commandDeadline) {
    this.#exec = exec;
    this.#mask = mask;
    this.#deadline = deadline;
  }

  /** Throws UsageError that says why the command gave none, or the reason of the signal; the command is killed by then. */
  async credential(signal: AbortSignal): Promise<Credential> {
    if (this.#latest && isFresh(this.#latest)) return this.#latest;
    this.#running ??= this.#run(signal).finally(() => {
      this.#running = undefined;
    });
    this.#latest = await this.#running;
    return this.#latest;
  }

  async #run(signal: AbortSignal): Promise<Credential> {
    const { command, args, env } = this.#exec;
    try {
      const running = promisify(execFile)(command, args ?? [], {
        env: { ...process.env, ...Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])) },
        timeout: this.#deadline,
        killSignal: 'SIGKILL',
        signal,
      });
      // One that asks on the terminal reads an end instead of waiting.
      running.child.stdin?.end();
      return this.#parse((await running).stdout);
    } catch (cause) {
      signal.throwIfAborted();
      throw cause instanceof UsageError ? cause : new UsageError(this.#faultOf(cause));
    }
  }

  #parse(printed: string): Credential {
    const credential = statusOf(printed);
    const { token, clientCertificateData, clientKeyData } = credential ?? {};
    if (!credential || !(token || clientCertificateData)) {
      throw new UsageError(
        `The command "${this.#exec.command}" of the kubeconfig printed no credential. Run it by hand, and correct its arguments in the kubeconfig.`,
      );
    }
    for (const secret of [token, clientKeyData]) if (secret) this.#mask(new Secret(secret));
    return credential;
  }

  #faultOf(cause: unknown): string {
    const named = `The command "${this.#exec.command}" of the kubeconfig`;
    const { code, killed, stderr } = failureOf(cause);
    if (code === 'ENOENT')
      return `${named} is not installed. Install it, or give a kubeconfig with a token or a client certificate.`;
    if (killed)
      return `${named} did not end within ${this.#deadline / 1000} s. Choose a sign-in in its arguments that asks nobody.`;
    const last = stderr.trim().split('\n').at(-1) ?? '';
    const said = last === '' ? '' : `: "${this.#withoutSecrets(last)}"`;
    return `${named} failed (${code})${said}. Run it by hand, and correct its sign-in.`;
  }

  /** Neither values that the kubeconfig gives it nor what looks like a token. */
  #withoutSecrets(line: string): string {
    const given = (this.#exec.env ?? []).map(({ value }) => value).filter(value => value.length >= 8);
    return given.reduce((rest, value) => rest.replaceAll(value, '***'), line).replace(/[\w+/=.~-]{40,}/g, '***');
  }
}

function isFresh({ expirationTimestamp }: Credential): boolean {
  return expirationTimestamp === undefined || Date.parse(expirationTimestamp) > Date.now();
}

function statusOf(printed: string): Credential | undefined {
  try {
    const parsed: { readonly status?: Credential } | null = JSON.parse(printed);
    return parsed?.status;
  } catch {
    return undefined;
  }
}

function failureOf(cause: unknown) {
  if (!(cause instanceof Error)) return { code: String(cause), killed: false, stderr: '' };
  return {
    code: 'code' in cause ? String(cause.code) : cause.message,
    killed: 'killed' in cause && cause.killed === true,
    stderr: 'stderr' in cause ? String(cause.stderr) : '',
  };
}
