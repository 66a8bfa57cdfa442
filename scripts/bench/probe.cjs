// Loaded into a measured process before all else: writes at its end what only the process itself knows.
const { subscribe } = require('node:diagnostics_channel');
const { writeFileSync } = require('node:fs');

const file = process.env.BENCH_PROBE;
// Children measure nothing.
delete process.env.BENCH_PROBE;
delete process.env.NODE_OPTIONS;

if (file) {
  let children = 0;
  subscribe('child_process', () => {
    children += 1;
  });
  process.on('exit', () => {
    // Kilobytes of 1,024 bytes.
    writeFileSync(file, JSON.stringify({ peak: process.resourceUsage().maxRSS, children, loaded: Object.keys(require.cache) }));
  });
}
