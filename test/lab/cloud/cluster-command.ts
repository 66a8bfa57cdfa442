import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { dump } from 'js-yaml';
import { parseCommandLine } from './command-line.ts';
import type { ClusterAccess } from './state.ts';
import { readZip } from './zip.ts';

/** A command with its attachments, and whose it is: of the token's owner, else of the cluster's own account. */
export interface ClusterCommand {
  readonly command: string;
  /** Zip archive in base64. */
  readonly context: string;
  readonly clusterToken?: string | undefined;
}

export interface CommandResult {
  readonly provisioningState: 'Succeeded' | 'Failed';
  readonly exitCode?: number;
  readonly logs?: string;
  /** Why it did not run at all. */
  readonly reason?: string;
}

const mostOutput = 512 * 1024;
const limit = 120_000;

/** Runs commands of kubectl against the real API server, in a folder that has the attachments. Other programs are not there. */
export async function runOnCluster(access: ClusterAccess, wanted: ClusterCommand): Promise<CommandResult> {
  const folder = await mkdtemp(join(tmpdir(), 'aks-functions-command-'));
  try {
    await mkdir(join(folder, 'work'));
    for (const { path, content } of wanted.context ? readZip(Buffer.from(wanted.context, 'base64')) : []) {
      await mkdir(dirname(join(folder, 'work', path)), { recursive: true });
      await writeFile(join(folder, 'work', path), content);
    }
    await writeFile(join(folder, 'config'), kubeconfigOf(access, wanted.clusterToken), { mode: 0o600 });
    return await runAll(access, wanted.command, folder);
  } catch (error) {
    return { provisioningState: 'Failed', reason: error instanceof Error ? error.message : String(error) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runAll({ kubectl }: ClusterAccess, command: string, folder: string): Promise<CommandResult> {
  let exitCode = 0;
  let logs = '';
  for (const { words, onlyAfterSuccess } of parseCommandLine(command)) {
    if (onlyAfterSuccess && exitCode !== 0) continue;
    const [program = '', ...args] = words;
    const ran =
      program === 'kubectl' && kubectl
        ? await run(kubectl, args, folder)
        : { code: 127, output: `sh: ${program}: command not found\n` };
    exitCode = ran.code;
    logs += ran.output;
  }
  return { provisioningState: 'Succeeded', exitCode, logs: logs.slice(0, mostOutput) };
}

function run(program: string, args: readonly string[], folder: string): Promise<{ code: number; output: string }> {
  const env = { KUBECONFIG: join(folder, 'config'), HOME: folder, PATH: '', NO_PROXY: '127.0.0.1' };
  return new Promise((resolve, reject) => {
    const options = { cwd: join(folder, 'work'), env, signal: AbortSignal.timeout(limit) };
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const pieces: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => pieces.push(piece));
    child.once('error', reject);
    child.once('close', code => resolve({ code: code ?? 1, output: Buffer.concat(pieces).toString() }));
  });
}

function kubeconfigOf({ server, ca, cert, key }: ClusterAccess, token: string | undefined): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const local = { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) };
  return dump({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'cluster' },
    clusters: [{ name: 'cluster', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: 'caller', user: token === undefined ? local : { token } }],
    contexts: [{ name: 'cluster', context: { cluster: 'cluster', user: 'caller' } }],
  });
}
