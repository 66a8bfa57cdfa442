import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Cloud } from '../lab/cloud/cloud.ts';
import { root, type StepResult } from '../support/action.ts';
import { runAzureStep, startShopCloud } from '../support/azure-step.ts';
import { type Failure, failureGroups } from './azure-failures.ts';
import { assertHidden, messagesOf } from './faults-shown.ts';

const canary = 'canary-of-a-client-secret';
const document = join(root, 'docs/failures.md');
const texts = new Map<string, string>();

for (const { heading, failures } of failureGroups) {
  describe(heading, { concurrency: 2 }, () => {
    for (const failure of failures) {
      test(`${failure.title} fails with cause and cure, and shows no credential`, async () => {
        texts.set(failure.title, await textOf(failure));
      });
    }
  });
}

test('the documentation shows every failure as it is said', async () => {
  const expected = documentText();
  if (process.env.UPDATE_GOLDEN) await writeFile(document, expected);
  assert.equal(await readFile(document, 'utf8'), expected);
});

async function textOf({ cluster, arrange }: Failure): Promise<string> {
  await using cloud = await startShopCloud(cluster);
  const result = await runAzureStep(cloud, arrange?.(cloud) ?? {});
  assert.equal(result.code, 1, result.log);
  assertHidden(result, [canary]);
  assert.doesNotMatch(withoutMasks(result), /eyJ[\w-]{20,}\.|\bat .+:\d+:\d+/);
  const messages = messagesOf(result);
  for (const line of messages.split('\n')) assert.match(line, /^.{20,}\. .{10,}[.?]$/);
  return anonymous([messages, ...commandsIn(result)].join('\n'), cloud);
}

/** The claims and commands that stand above the reason. */
function commandsIn(result: StepResult): readonly string[] {
  const lines = withoutMasks(result).split('\n');
  const first = lines.findIndex(line => line.startsWith("The job's token has"));
  return first < 0
    ? []
    : [
        '',
        ...lines.slice(
          first,
          lines.findIndex(line => line.startsWith('::error')),
        ),
      ];
}

function withoutMasks({ log }: StepResult): string {
  return log.replace(/^::add-mask::.*\n/gm, '');
}

/** Without what is another in every run. */
function anonymous(text: string, { address, misnamedAddress, deployer, home, state }: Cloud): string {
  const named = [
    [address, 'https://azure.example.com'],
    [misnamedAddress, 'https://azure.example.com'],
    [new URL(address).host, 'azure.example.com'],
    [new URL(misnamedAddress).host, 'azure.example.com'],
    [deployer.clientId, 'CLIENT-ID'],
    [deployer.objectId, 'OBJECT-ID'],
    [home.tenantId, 'TENANT-ID'],
    [home.subscriptionId, 'SUBSCRIPTION-ID'],
    ...state.clusters.map(({ body }) => [String(body.properties.privateFQDN), 'prod.privatelink.westeurope.azmk8s.io']),
  ] as const;
  return named
    .reduce((rest, [value = '', name = '']) => rest.replaceAll(value, name), text)
    .replace(/trace id [\w-]+/g, 'trace id TRACE-ID');
}

function documentText(): string {
  const groups = failureGroups.map(({ heading, failures }) =>
    [`## ${heading}`, ...failures.map(({ title }) => entryOf(title))].join('\n\n'),
  );
  return `${[introduction, ...groups].join('\n\n')}\n`;
}

function entryOf(title: string): string {
  return [`**${title}**`, `\`\`\`text\n${texts.get(title)}\n\`\`\``].join('\n\n');
}

const introduction = `# What failures say

Each text below comes from a run of the action against an emulated Azure in which exactly this is wrong; a test compares them.
Ids are replaced by their names. A federated credential that is missing is looked for again for 10 seconds, since one that was
just created is not known at once. Requests that Azure throttles or fails are repeated up to three times before they are given up.`;
