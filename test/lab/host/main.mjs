import { createServer } from 'node:http';
import { answerAdmin } from './admin.mjs';
import { answerFunction, isHttpFunction } from './http-functions.mjs';
import { keyNames, openKeys } from './keys.mjs';
import { consoleLog } from './log.mjs';
import { ScriptHost } from './script-host.mjs';
import { readSettings } from './settings.mjs';

const settings = readSettings(process.env);
const log = consoleLog(settings.logLevel);
log(
  'information',
  `Starting the stand-in Functions host of the lab for "${settings.root}" (${settings.runtime ?? 'no runtime'}).`,
);
const keys = openKeys(settings.keyStorage, log);
const scriptHost = new ScriptHost(settings, log);
/** Functions are asked only when their keys are there. */
const started = scriptHost.ready.then(() =>
  keys.ensure(keyNames(scriptHost.loaded.filter(isHttpFunction).map(fn => fn.name))),
);

/** First part of a path and who answers below it; the last row takes the rest. */
const answers = [
  [/^\/admin\/host\/ping\/?$/, async ({ response }) => response.writeHead(200).end()],
  [/^\/admin\//, answerAdmin],
  [
    /^\/$/,
    async ({ response }) =>
      settings.hasHomepage
        ? response.writeHead(200).end('Your Functions app is up and running (stand-in host of the lab).')
        : response.writeHead(204).end(),
  ],
  [/^/, async context => started.then(() => answerFunction(context))],
];

const server = createServer((request, response) => {
  const url = new URL(request.url, `http://${request.headers.host ?? 'localhost'}`);
  if (draining) response.setHeader('connection', 'close');
  const [, answer] = answers.find(([pattern]) => pattern.test(url.pathname));
  answer({ request, response, url, scriptHost, keys, settings }).catch(error => {
    log('error', `${request.method} ${url.pathname} could not be answered: ${error.stack}`);
    if (response.headersSent) response.destroy();
    else response.writeHead(500).end();
  });
});

let draining = false;

/** Ends the host as Kubernetes asks for it: nothing new is taken, what runs is finished. */
async function drain(signal) {
  if (draining) process.exit(1);
  draining = true;
  log('information', `${signal}: draining, ${scriptHost.running} running.`);
  const closed = new Promise(resolve => server.close(resolve));
  setInterval(() => server.closeIdleConnections(), 50);
  await Promise.all([closed, scriptHost.drain()]);
  log('information', 'drained');
  process.exit(0);
}

for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void drain(signal));
void scriptHost.failed.promise.then(text => {
  log('critical', text);
  process.exit(1);
});

server.listen(settings.listen.port, settings.listen.host, () =>
  log('information', `Now listening on port ${server.address().port}.`),
);
await started;
log('information', scriptHost.errors.length > 0 ? 'Host started with errors.' : 'Host started.');
