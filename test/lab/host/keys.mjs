import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KubernetesObject } from './kubernetes-object.mjs';

/** Where keys come from, by kind of storage: each gives `read()` → Map of name → key, and `ensure(names)`. */
const storages = {
  none: () => ({ read: async () => new Map(), ensure: async () => undefined }),
  files: ({ folder }, log) => ({
    read: () => readFolder(folder),
    ensure: async names => {
      const missing = absent(await readFolder(folder), names);
      if (missing.length > 0)
        log('warning', `Keys ${missing.join(', ')} are missing in "${folder}", which is read-only.`);
    },
  }),
  kubernetes: (place, log) => new KubernetesKeys(place, log),
};

/** Storage of the host's keys. */
export function openKeys(storage, log) {
  return storages[storage.kind](storage, log);
}

/** Names of the keys that a host with these HTTP functions has. */
export function keyNames(functions) {
  return [
    'host.master',
    'host.function.default',
    'host.systemKey.default',
    ...functions.map(name => `functions.${name.toLowerCase()}.default`),
  ];
}

/** Whether `given` opens what asks for `level`: the master key everything, function keys their function. */
export function isAllowed(keys, { level, functionName, given }) {
  if (level === 'anonymous') return true;
  const prefixes = {
    function: ['host.function.', `functions.${functionName?.toLowerCase()}.`],
    system: ['host.systemKey.'],
    admin: [],
  };
  const opens = name => name === 'host.master' || (prefixes[level] ?? []).some(prefix => name.startsWith(prefix));
  return [...keys].some(([name, key]) => opens(name) && isSame(key, given ?? ''));
}

function isSame(key, given) {
  const [a, b] = [Buffer.from(key), Buffer.from(given)];
  return a.length > 0 && a.length === b.length && timingSafeEqual(a, b);
}

function absent(keys, names) {
  return names.filter(name => !keys.has(name));
}

async function readFolder(folder) {
  const names = (await readdir(folder).catch(() => [])).filter(name => !name.startsWith('.'));
  return new Map(
    await Promise.all(names.map(async name => [name, (await readFile(join(folder, name), 'utf8')).trim()])),
  );
}

/** Keys in a Secret of the cluster, followed by a watch; missing ones are added, existing ones never changed. */
class KubernetesKeys {
  #object;
  #log;
  #keys;

  constructor(place, log) {
    this.#object = new KubernetesObject(place);
    this.#log = log;
    this.#keys = this.#first();
    void this.#follow();
  }

  async read() {
    return this.#keys;
  }

  async ensure(names) {
    try {
      for (let attempt = 0; attempt < 5; attempt++) if (await this.#add(names)) return;
    } catch (error) {
      this.#log('error', `Missing keys could not be added: ${error.message}`);
    }
  }

  /** Adds what is missing; false when someone else changed the object at the same time. */
  async #add(names) {
    const live = await this.#object.get();
    const missing = absent(live?.data ?? new Map(), names);
    this.#keys = Promise.resolve(live?.data ?? new Map());
    if (missing.length === 0) return true;
    const added = new Map(missing.map(name => [name, randomBytes(40).toString('base64url')]));
    const done = live ? await this.#object.add(added, live.version) : await this.#object.create(added);
    if (done) this.#log('information', `Added keys ${missing.join(', ')}.`);
    return false;
  }

  async #first() {
    try {
      return (await this.#object.get())?.data ?? new Map();
    } catch (error) {
      this.#log('error', `Keys could not be read: ${error.message}`);
      return new Map();
    }
  }

  async #follow() {
    await this.#keys;
    for (;;) {
      await this.#object.watch(data => {
        this.#keys = Promise.resolve(data);
      });
    }
  }
}
