import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { portOf } from '../processes.ts';
import { isPublicName } from './public-names.ts';

/** A proxy that shows programs the cloud under the names of the real services. */
export interface CloudProxy {
  /** For `HTTPS_PROXY`. */
  readonly address: string;
  /** Hosts with port that were asked for, in order. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** Starts a proxy that leads to the cloud at `address` and to loopback, and nowhere else. */
export async function startProxy(address: string): Promise<CloudProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on('connect', (request, client: Socket, first: Buffer) => {
    const wanted = request.url ?? '';
    asked.push(wanted);
    const target = targetOf(wanted, address);
    if (!target) return void client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const cloud = connect(target, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      cloud.write(first);
      client.pipe(cloud).pipe(client);
    });
    for (const [socket, other] of [
      [client, cloud],
      [cloud, client],
    ] as const) {
      sockets.add(socket);
      socket.once('error', () => other.destroy()).once('close', () => void (sockets.delete(socket) && other.destroy()));
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    address: `http://127.0.0.1:${portOf(server)}`,
    asked,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

function targetOf(wanted: string, address: string): { readonly host: string; readonly port: number } | undefined {
  const { hostname, port } = new URL(`https://${wanted}`);
  if (hostname === '127.0.0.1' || hostname === 'localhost') return { host: '127.0.0.1', port: Number(port || 443) };
  return isPublicName(hostname) ? { host: '127.0.0.1', port: Number(new URL(address).port) } : undefined;
}
