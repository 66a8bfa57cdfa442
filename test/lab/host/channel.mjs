import { createInterface } from 'node:readline';

/**
 * Messages, one JSON object a line, over the socket between host and worker.
 * `receive` is called with each message, `closed` once, when the other side has gone.
 */
export function openChannel(socket, { receive, closed }) {
  const lines = createInterface({ input: socket });
  lines.on('line', line => receive(JSON.parse(line)));
  // Of a broken connection the end of the other process tells; the interface repeats the socket's error.
  lines.on('error', () => undefined);
  socket.on('error', () => socket.destroy());
  socket.once('close', closed);
  return {
    send: message => socket.writable && socket.write(`${JSON.stringify(message)}\n`),
    close: () => socket.end(),
  };
}
