import { chmod, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { UserError } from '../../src/errors.ts';
import { debianPrograms, type ServerGround } from './debian-servers.ts';

/** A RabbitMQ server. */
export interface LabRabbitMq {
  readonly connectionString: string;
  create(queue: string): Promise<void>;
  put(queue: string, messages: readonly string[]): Promise<void>;
  clear(queue: string): Promise<void>;
}

const user = 'lab';
const password = 'lab-rabbitmq';

/** Starts Debian's RabbitMQ on loopback, with its HTTP API for the tests. */
export async function startRabbitMq(ground: ServerGround): Promise<LabRabbitMq> {
  const { processes, port, say } = ground;
  const { root, env } = await debianPrograms(['rabbitmq-server'], say);
  const [amqp, http, mapper, distribution] = [port(), port(), port(), port()].map(String) as [
    string,
    string,
    string,
    string,
  ];
  const erlang = join(root, 'usr/lib/erlang');
  const runtime = join(erlang, await only(erlang, 'erts-'), 'bin');
  const broker = join(root, 'usr/lib/rabbitmq/lib', await only(join(root, 'usr/lib/rabbitmq/lib'), 'rabbitmq_server-'));
  const place = await ground.folder('rabbitmq', {
    erl: launcher(erlang, runtime),
    plugins: '[rabbitmq_management].',
    'rabbitmq.conf': configuration(amqp, http),
  });
  await chmod(join(place, 'erl'), 0o700);
  // Without a port mapper of ours the server would start one that outlives it.
  processes.start(join(runtime, 'epmd'), ['-address', '127.0.0.1', '-port', mapper], { env });
  processes.start('/bin/sh', [join(broker, 'sbin/rabbitmq-server')], {
    name: 'rabbitmq',
    env: {
      ...env,
      ...{ PATH: [place, runtime, '/usr/bin', '/bin'].join(delimiter), HOME: place },
      ...{ ERL_EPMD_ADDRESS: '127.0.0.1', ERL_EPMD_PORT: mapper },
      // The script then becomes the server instead of staying its parent, so that ending it ends the server.
      detached: '1',
      ...{ RABBITMQ_NODENAME: 'lab@localhost', RABBITMQ_DIST_PORT: distribution, RABBITMQ_CONF_ENV_FILE: '/dev/null' },
      ...{ RABBITMQ_MNESIA_BASE: join(place, 'data'), RABBITMQ_LOG_BASE: place },
      RABBITMQ_CONFIG_FILE: join(place, 'rabbitmq.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(place, 'plugins'),
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false',
    },
  });
  const api = httpApi(`http://127.0.0.1:${http}/api`);
  await processes.until('RabbitMQ answers', () => api('GET', '/overview').then(() => true));
  return clientOf(api, `amqp://${user}:${password}@127.0.0.1:${amqp}/`);
}

/** Debian's own launcher knows only the place where the package would be installed. */
function launcher(erlang: string, runtime: string): string {
  return `#!/bin/sh\nexport ROOTDIR='${erlang}' BINDIR='${runtime}' EMU=beam PROGNAME=erl\nexec "$BINDIR/erlexec" "$@"\n`;
}

function configuration(amqp: string, http: string): string {
  return [
    `listeners.tcp.default = 127.0.0.1:${amqp}`,
    ...['management.tcp.ip = 127.0.0.1', `management.tcp.port = ${http}`],
    ...[`default_user = ${user}`, `default_pass = ${password}`],
    ...['log.console = true', 'log.file = false'],
  ].join('\n');
}

/** Name of the one entry of a folder that begins so; versions are part of such names. */
async function only(folder: string, start: string): Promise<string> {
  const [name, ...more] = (await readdir(folder)).filter(entry => entry.startsWith(start));
  if (name !== undefined && more.length === 0) return name;
  throw new UserError(`"${folder}" must have exactly one "${start}…". Remove it, so that it is unpacked again.`);
}

type HttpApi = (method: string, path: string, body?: unknown) => Promise<void>;

function httpApi(base: string): HttpApi {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return async (method, path, body) => {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(10_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok)
      throw new UserError(`RabbitMQ refused ${method} ${path}: ${response.status} ${await response.text()}`);
    await response.body?.cancel();
  };
}

function clientOf(api: HttpApi, connectionString: string): LabRabbitMq {
  const place = (queue: string) => `/queues/%2f/${encodeURIComponent(queue)}`;
  return {
    connectionString,
    create: queue => api('PUT', place(queue), { durable: true }),
    async put(queue, messages) {
      for (const payload of messages)
        await api('POST', '/exchanges/%2f/amq.default/publish', {
          ...{ properties: {}, routing_key: queue, payload, payload_encoding: 'string' },
        });
    },
    clear: queue => api('DELETE', `${place(queue)}/contents`),
  };
}
