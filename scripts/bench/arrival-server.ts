import { readFile } from 'node:fs/promises';
import { createServer as createPlain, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { portOf } from '../../test/lab/processes.ts';

/** Paths of a certificate and its key. */
export interface ServerTls {
  readonly certificate: string;
  readonly key: string;
}

/** A server that notes when a request has arrived, and lets it wait for an answer. */
export class ArrivalServer implements AsyncDisposable {
  readonly origin: string;
  readonly host: string;
  readonly #server: Server;
  #arrive: (time: number) => void = () => undefined;

  /** Listens on a free port of `address`. */
  static async start(address: string, tls?: ServerTls): Promise<ArrivalServer> {
    const server = tls ? createSecure(await secretsOf(tls)) : createPlain();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(0, address, resolve);
    });
    return new ArrivalServer(server, address, tls ? 'https' : 'http');
  }

  private constructor(server: Server, address: string, scheme: string) {
    this.#server = server;
    this.host = `${address}:${portOf(server)}`;
    this.origin = `${scheme}://${this.host}`;
    server.on('request', () => this.#arrive(performance.now()));
  }

  /** When the next request arrives, by the clock of `performance.now`. */
  next(): Promise<number> {
    return new Promise(resolve => {
      this.#arrive = resolve;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }
}

async function secretsOf({ certificate, key }: ServerTls) {
  const [cert, secret] = await Promise.all([readFile(certificate, 'utf8'), readFile(key, 'utf8')]);
  return { cert, key: secret };
}
