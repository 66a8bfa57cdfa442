import { createServer, type IncomingMessage, type Server } from 'node:http';
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

/** Starts a proxy, on loopback and the hosts, that leads to the cloud at `address` and to loopback, and nowhere else. */
export async function startProxy(address: string, hosts: readonly string[]): Promise<CloudProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const carry = ({ url = '' }: IncomingMessage, client: Socket, head: Buffer) => {
    asked.push(url);
    const target = targetOf(url, address);
    if (!target) return void client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const cloud = join(client, target, head);
    for (const socket of [client, cloud]) sockets.add(socket.once('close', () => void sockets.delete(socket)));
  };
  const first = await listening('127.0.0.1', 0, carry);
  const port = portOf(first);
  const servers = [first, ...(await Promise.all(hosts.map(host => listening(host, port, carry))))];
  return {
    address: `http://127.0.0.1:${port}`,
    asked,
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
    },
  };
}

/** Connects the client with the target; gives the way there. */
function join(client: Socket, target: Target, head: Buffer): Socket {
  const cloud = connect(target, () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    cloud.write(head);
    client.pipe(cloud).pipe(client);
  });
  client.once('error', () => cloud.destroy()).once('close', () => cloud.destroy());
  return cloud.once('error', () => client.destroy()).once('close', () => client.destroy());
}

interface Target {
  readonly host: string;
  readonly port: number;
}

type Carry = (request: IncomingMessage, client: Socket, head: Buffer) => void;

async function listening(host: string, port: number, carry: Carry): Promise<Server> {
  const server = createServer((_, response) => response.writeHead(405).end()).on('connect', carry);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  return server;
}

function targetOf(wanted: string, address: string): Target | undefined {
  const { hostname, port } = new URL(`https://${wanted}`);
  if (hostname === '127.0.0.1' || hostname === 'localhost') return { host: '127.0.0.1', port: Number(port || 443) };
  return isPublicName(hostname) ? { host: '127.0.0.1', port: Number(new URL(address).port) } : undefined;
}
