import { parseArgs } from 'node:util';
import { describeError, UserError } from '../src/errors.ts';
import { type Lab, startLab } from '../test/lab/lab.ts';
import { bytes } from './bench/bytes.ts';
import { deployment } from './bench/deployment.ts';
import { discovery } from './bench/discovery.ts';
import { renderFigure } from './bench/figure.ts';
import type { Bench, Group } from './bench/group.ts';
import { imageBuild } from './bench/image-build.ts';
import { memory } from './bench/memory.ts';
import { signIn } from './bench/sign-in.ts';
import { startup } from './bench/startup.ts';

const groups: readonly Group[] = [bytes, startup, signIn, discovery, deployment, memory, imageBuild];
const say = (line: string) => console.error(line);

/** Groups that were named, or all, and the number of rounds: a median of fewer than 20 is for trying out only. */
function readArguments(): { readonly chosen: readonly Group[]; readonly rounds: number } {
  const { values, positionals } = parseArgs({
    options: { rounds: { type: 'string', default: '21' } },
    allowPositionals: true,
  });
  const names = groups.map(group => group.name);
  const unknown = positionals.filter(name => !names.includes(name));
  if (unknown.length > 0) throw new UserError(`There is no group "${unknown.join('", "')}". Use ${names.join(', ')}.`);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new UserError(`"--rounds" must be a whole number from 1, got "${values.rounds}".`);
  return { chosen: groups.filter(({ name }) => positionals.length === 0 || positionals.includes(name)), rounds };
}

/** Prints the figures of a group; gives `false` when it could not be run. */
async function runGroup({ name, measure }: Group, bench: Bench): Promise<boolean> {
  say(`Measuring "${name}".`);
  try {
    const measured = await measure(bench);
    if (measured.kind === 'skipped') console.log(`Skipped "${name}": ${measured.reason}\n`);
    else for (const figure of measured.figures) console.log(renderFigure(figure));
    return true;
  } catch (error) {
    console.log(`Could not run "${name}": ${describeError(error)}\n`);
    return false;
  }
}

async function main(): Promise<number> {
  const { chosen, rounds } = readArguments();
  await using resources = new AsyncDisposableStack();
  let lab: Promise<Lab> | undefined;
  const bench: Bench = {
    rounds,
    say,
    lab: () => {
      lab ??= startLab({ profile: 'keda', node: 'fake', log: say }).then(started => resources.use(started));
      return lab;
    },
  };
  let complete = true;
  for (const group of chosen) complete = (await runGroup(group, bench)) && complete;
  return complete ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  say(describeError(error));
  process.exitCode = 1;
}
