const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs `stop` when the process is told to end, then lets it end as the signal says, unless others listen for the
 * signal too: these decide. Signals that come while `stop` runs change nothing. `received` tells whether one came;
 * `forget` ends the listening.
 */
export function stopOnSignals(stop: () => Promise<void>): { received(): boolean; forget(): void } {
  let stopping = false;
  const stopFor = (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    void stop()
      .catch((error: unknown) => console.error(error))
      .finally(() => {
        if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
      });
  };
  const forget = () => {
    for (const signal of signals) process.removeListener(signal, stopFor);
  };
  for (const signal of signals) process.on(signal, stopFor);
  return { received: () => stopping, forget };
}
