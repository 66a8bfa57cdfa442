import { type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import { pipeline } from 'node:stream/promises';

/** Passes a request on to the registry at `store`, without its sign-in, and the answer back, both as streams; `seen` has the answer before the caller. */
export async function passOn(
  store: string,
  request: IncomingMessage,
  response: ServerResponse,
  seen: (answer: IncomingMessage) => void,
): Promise<void> {
  const { authorization: _, ...headers } = request.headers;
  const [hostname, port] = store.split(':');
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const passed = send({ hostname, port, method: request.method, path: request.url, headers }, resolve);
    passed.once('error', reject);
    pipeline(request, passed).catch(reject);
  });
  seen(answer);
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  await pipeline(answer, response);
}
