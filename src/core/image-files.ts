import { UserError } from '../errors.ts';
import { dependencyFolders } from './image-dependencies.ts';
import { cleanPath, foldersAbove } from './paths.ts';
import type { SourceTree } from './project.ts';
import { isSourceText, isTooLarge, limitOfSourceText, textsAndLinks } from './source-files.ts';

/** Header of an entry in the archive of a layer; `target` is where a link leads. */
export interface LayerEntry {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link' | 'hard link' | 'other';
  readonly size: number;
  readonly target?: string | undefined;
}

/** What one layer, or all above one, say about the paths of the app folder; the empty path is the folder itself. */
interface Cover {
  /** Paths that lower layers no longer show. */
  readonly removed: Set<string>;
  /** Folders of which lower layers show nothing. */
  readonly opaque: Set<string>;
  readonly kinds: Map<string, LayerEntry['kind']>;
}

const mostFiles = 100_000;
// What installing and versioning leave behind is no code of the app, and may be most of the files.
const foreignFolder = /(?:^|\/)(?:node_modules|site-packages|__pycache__|\.git)\//;
const neverRead = /^(?:local\.settings\.json|\.npmrc)$/;
const removedPrefix = '.wh.';
const opaqueName = '.wh..wh..opq';

/**
 * The app folder of an image, put together from its layers, the top one first, by the rules of OCI layers. Keeps paths
 * and source texts only, and neither without bound.
 */
export class ImageFiles {
  readonly #image: string;
  readonly #root: string;
  readonly #texts = new Map<string, string | undefined>();
  readonly #links = new Map<string, string>();
  readonly #tooLarge = new Set<string>();
  readonly #installed = new Set<string>();
  readonly #above = emptyCover();
  #layer = emptyCover();
  #textSize = 0;
  #isLastPart = false;
  #isOver = false;

  /** `image` names the image in errors; `root` is the absolute path of the app folder. */
  constructor(image: string, root: string) {
    this.#image = image;
    this.#root = cleanPath(root);
  }

  /** Takes the next entry of the layer under way; `true` when its text is wanted. Throws UserError for too many files. */
  add(entry: LayerEntry): boolean {
    const path = cleanPath(entry.path);
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (name.startsWith(removedPrefix)) {
      this.#remove(path.slice(0, path.length - name.length).replace(/\/$/, ''), name);
      return false;
    }
    if (this.#isAboveApp(path)) this.#replaceFolder(path, entry.kind);
    const own = this.#inApp(path);
    return own !== undefined && own !== '' && this.#addOwn(own, entry);
  }

  /** The text of an entry that was wanted. */
  addText({ path }: LayerEntry, text: string): void {
    this.#textSize += text.length;
    if (this.#textSize > limitOfSourceText)
      throw new UserError(
        `The app in image "${this.#image}" has more than ${limitOfSourceText / 1024 ** 2} MiB of source text. List what is not part of the app in ".dockerignore".`,
      );
    this.#texts.set(this.#inApp(cleanPath(path)) ?? '', text);
  }

  /** Says that the layer to come is the lowest with the app, and that installed packages are its last entries. */
  expectPackagesLast(): void {
    this.#isLastPart = true;
  }

  /** Closes the layer under way; the next entries are those of the layer below. */
  endLayer(): void {
    for (const path of this.#layer.removed) this.#above.removed.add(path);
    for (const path of this.#layer.opaque) this.#above.opaque.add(path);
    for (const [path, kind] of this.#layer.kinds) if (!this.#above.kinds.has(path)) this.#above.kinds.set(path, kind);
    this.#layer = emptyCover();
  }

  /** `true` when no further entry could change the result: the list of a .NET build says all, or nothing below shows. */
  get isComplete(): boolean {
    const built = this.#texts.has('functions.metadata') && this.hasHost;
    return built || this.#isOver || this.#above.removed.has('') || this.#above.opaque.has('');
  }

  /** `true` when the app folder has its `host.json`. */
  get hasHost(): boolean {
    return this.#texts.has('host.json');
  }

  /** The source tree, as reading the app folder on disk would give it. */
  tree(folder: string): SourceTree {
    const all = [...this.#texts.keys()].toSorted();
    // A virtual environment is no code of the app.
    const environments = all.flatMap(path => /^(.+\/)pyvenv\.cfg$/.exec(path)?.[1] ?? []);
    const paths = all.filter(path => !environments.some(environment => path.startsWith(environment)));
    const texts = paths.flatMap(path => {
      const text = this.#texts.get(path);
      return text === undefined ? [] : [[path, text] as const];
    });
    return {
      folder,
      paths,
      ...textsAndLinks(new Map(texts), this.#links),
      tooLarge: this.#tooLarge,
      dependencyFolders: [...this.#installed].toSorted(),
    };
  }

  #addOwn(path: string, { kind, size, target }: LayerEntry): boolean {
    if (this.#isCovered(path) || (kind !== 'folder' && this.#above.kinds.has(path))) return false;
    const installed = Object.values(dependencyFolders).find(name => `${path}/`.startsWith(`${name}/`));
    if (installed !== undefined) {
      this.#installed.add(installed);
      this.#isOver = this.#isLastPart;
    }
    if (installed !== undefined || foreignFolder.test(`${path}/`) || neverRead.test(path)) return false;
    this.#layer.kinds.set(path, kind);
    if (kind === 'folder' || kind === 'other') return false;
    if (this.#layer.kinds.size + this.#above.kinds.size > mostFiles)
      throw new UserError(
        `The app in image "${this.#image}" has more than ${mostFiles} files. List what is not part of the app in ".dockerignore".`,
      );
    this.#texts.set(path, kind === 'hard link' ? this.#textAt(target) : undefined);
    if (kind === 'link') this.#addLink(path, target ?? '');
    if (kind !== 'file') return false;
    if (isTooLarge(path, size)) this.#tooLarge.add(path);
    return isSourceText(path, size);
  }

  #addLink(path: string, target: string): void {
    const full = target.startsWith('/') ? target : `${this.#root}/${path}/../${target}`;
    const own = this.#inApp(cleanPath(full));
    if (own !== undefined) this.#links.set(path, own);
  }

  /** Text of the file that a hard link repeats, which comes before it in the same layer. */
  #textAt(target: string | undefined): string | undefined {
    const path = target === undefined ? undefined : this.#inApp(cleanPath(target));
    return path === undefined ? undefined : this.#texts.get(path);
  }

  #remove(folder: string, name: string): void {
    const isOpaque = name === opaqueName;
    const target = isOpaque ? folder : cleanPath(`${folder}/${name.slice(removedPrefix.length)}`);
    const own = this.#isAboveApp(target) ? '' : this.#inApp(target);
    if (own !== undefined) (isOpaque ? this.#layer.opaque : this.#layer.removed).add(own);
  }

  /** A link in the place of the app folder would have to be followed through all layers. */
  #replaceFolder(path: string, kind: LayerEntry['kind']): void {
    if (kind === 'link' && !this.#isCovered(''))
      throw new UserError(
        `The app folder "/${this.#root}" of image "${this.#image}" leads over a link at "/${path}", which is not followed. Set AzureWebJobsScriptRoot in the image to the real folder.`,
      );
    if (kind !== 'folder') this.#layer.removed.add('');
  }

  /** Whether a layer above hides the path or has its own there. */
  #isCovered(path: string): boolean {
    const { removed, opaque, kinds } = this.#above;
    const kind = kinds.get(path);
    if (removed.has(path) || (kind !== undefined && kind !== 'folder')) return true;
    return foldersAbove(path).some(
      folder => removed.has(folder) || opaque.has(folder) || (kinds.get(folder) ?? 'folder') !== 'folder',
    );
  }

  #isAboveApp(path: string): boolean {
    return path === '' || path === this.#root || this.#root.startsWith(`${path}/`);
  }

  /** The path relative to the app folder; undefined for one outside. */
  #inApp(path: string): string | undefined {
    if (path === this.#root) return '';
    return path.startsWith(`${this.#root}/`) ? path.slice(this.#root.length + 1) : undefined;
  }
}

function emptyCover(): Cover {
  return { removed: new Set(), opaque: new Set(), kinds: new Map() };
}
