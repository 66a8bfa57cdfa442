import { lstat, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as v from 'valibot';
import type { Lab } from '../lab/lab.ts';
import type { StepResult } from '../support/action.ts';
import { Masks } from '../support/runner/masks.ts';

/** A place where no secret may be, and what is in it. */
export interface Place {
  readonly name: string;
  readonly text: string;
}

/** Secrets by name, each known in the forms that the runner hides. */
export class Canaries {
  readonly #forms = new Map<string, Masks>();

  /** Looks for the secret from now on. A text of several lines, such as a key, is looked for line by line. */
  add(name: string, secret: string): void {
    const forms = this.#forms.get(name) ?? new Masks();
    this.#forms.set(name, forms);
    for (const line of secret.split('\n')) if (!/^(?:-----.*)?$/.test(line)) forms.add(line);
  }

  /** Adds the signature of a token, without which the rest is of no use. */
  addToken(name: string, token: string): void {
    this.add(name, token.split('.').at(-1) ?? token);
  }

  get names(): readonly string[] {
    return [...this.#forms.keys()];
  }

  /** Every secret that is in a place, as `secret in place`. */
  leaksIn(places: readonly Place[]): readonly string[] {
    return places.flatMap(({ name: place, text }) =>
      [...this.#forms].filter(([, forms]) => forms.holds(text)).map(([name]) => `${name} in ${place}`),
    );
  }
}

/** What a step shows and hands on. The runner takes the masks themselves out of the log. */
export function placesOfStep(action: string, { log, outputs, summary }: StepResult): readonly Place[] {
  return [
    { name: `the log of ${action}`, text: log.replace(/^::add-mask::.*$/gm, '') },
    { name: `the outputs of ${action}`, text: JSON.stringify(outputs) },
    { name: `the summary of ${action}`, text: summary },
  ];
}

/** Every file below a folder with its path, unpacked where it is gzip; without those that are left out by name. */
export async function placesOfFolder(folder: string, without: readonly string[] = []): Promise<readonly Place[]> {
  const paths = (await readdir(folder, { recursive: true })).filter(path => !without.includes(path));
  const places = paths.map(async path => {
    const file = join(folder, path);
    const content = (await lstat(file)).isFile() ? await readFile(file) : Buffer.alloc(0);
    return { name: relative(folder, file), text: `${path}\n${textOf(content)}` };
  });
  return Promise.all(places);
}

/** As Latin 1: every byte is one letter. */
function textOf(content: Buffer): string {
  const isGzip = content[0] === 0x1f && content[1] === 0x8b;
  return (isGzip ? gunzipSync(content) : content).toString('latin1');
}

const groupList = v.object({
  groups: v.array(v.object({ preferredVersion: v.object({ groupVersion: v.string() }) })),
});
const resourceList = v.object({ resources: v.array(v.object({ name: v.string(), verbs: v.array(v.string()) })) });
const objectList = v.object({
  items: v.nullable(v.array(v.looseObject({ metadata: v.looseObject({ name: v.string() }) }))),
});

/** Every object of the cluster; of Secrets all but their data. */
export async function placesOfCluster({ request }: Pick<Lab, 'request'>): Promise<readonly Place[]> {
  const { groups } = v.parse(groupList, (await request('GET', '/apis')).json());
  const roots = ['/api/v1', ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)];
  const places = roots.map(async root => {
    const { resources } = v.parse(resourceList, (await request('GET', root)).json());
    const listed = resources.filter(({ name, verbs }) => verbs.includes('list') && !name.includes('/'));
    return (await Promise.all(listed.map(({ name }) => placesOfKind(request, `${root}/${name}`)))).flat();
  });
  return (await Promise.all(places)).flat();
}

async function placesOfKind(request: Lab['request'], path: string): Promise<readonly Place[]> {
  const answer = await request('GET', path);
  // A list can be empty of what the server shows only to some, such as token reviews.
  const { items } = v.parse(objectList, answer.json());
  return (items ?? []).map(object => {
    const { data, ...shown } = object;
    const isSecret = path === '/api/v1/secrets';
    return { name: `${path}/${object.metadata.name}`, text: JSON.stringify(isSecret ? shown : object) };
  });
}

const catalog = v.object({ repositories: v.array(v.string()) });
const tagList = v.object({ tags: v.array(v.string()) });
const manifestShape = v.object({
  config: v.object({ digest: v.string() }),
  layers: v.array(v.object({ digest: v.string() })),
});

interface StoredImage {
  readonly name: string;
  readonly repository: string;
  readonly manifest: string;
  readonly layers: readonly string[];
  readonly config: string;
}

/**
 * Every manifest, configuration and layer of the repositories that begin with `prefix`; `store` takes requests of
 * anybody. Without the layers of base images, which nobody here has made: they are large.
 */
export async function placesOfRegistry(
  store: string,
  prefix: string,
  basePrefix = 'azure-functions/',
): Promise<readonly Place[]> {
  const bases = new Set((await imagesIn(store, basePrefix)).flatMap(({ layers }) => layers));
  const images = (await imagesIn(store, prefix)).map(async ({ name, repository, manifest, config, layers }) => {
    const blobs = [config, ...layers.filter(digest => !bases.has(digest))].map(async digest => ({
      name: `${repository}@${digest}`,
      text: textOf(await fetchFrom(store, `${repository}/blobs/${digest}`)),
    }));
    return [{ name, text: manifest }, ...(await Promise.all(blobs))];
  });
  return (await Promise.all(images)).flat();
}

async function imagesIn(store: string, prefix: string): Promise<readonly StoredImage[]> {
  const { repositories } = v.parse(catalog, await fetchJson(store, '_catalog?n=1000'));
  const images = repositories
    .filter(name => name.startsWith(prefix))
    .map(async repository => {
      const { tags } = v.parse(tagList, await fetchJson(store, `${repository}/tags/list`));
      return Promise.all(tags.map(tag => imageAt(store, repository, tag)));
    });
  return (await Promise.all(images)).flat();
}

async function imageAt(store: string, repository: string, tag: string): Promise<StoredImage> {
  const text = (await fetchFrom(store, `${repository}/manifests/${tag}`)).toString();
  const { config, layers } = v.parse(manifestShape, JSON.parse(text));
  const digests = layers.map(({ digest }) => digest);
  return { name: `${repository}:${tag}`, repository, manifest: text, config: config.digest, layers: digests };
}

async function fetchJson(store: string, path: string): Promise<unknown> {
  return JSON.parse((await fetchFrom(store, path)).toString());
}

async function fetchFrom(store: string, path: string): Promise<Buffer> {
  const response = await fetch(`http://${store}/v2/${path}`, { signal: AbortSignal.timeout(30_000) });
  if (!response.ok) throw new Error(`the registry answers ${response.status} to ${path}`);
  return Buffer.from(await response.arrayBuffer());
}
