import type { ImageReference } from '../core/image.ts';
import type { DependencyPlan } from '../core/image-dependencies.ts';
import type { DockerBuild } from '../core/image-docker.ts';
import type { SourceTree } from '../core/project.ts';
import type { Secret } from '../core/secret.ts';
import type { AzureIdentity } from './azure-port.ts';

/** Facts for the log: past tense, one line each; `group` wraps the lines of one step. */
export interface Log {
  info(line: string): void;
  notice(line: string): void;
  warning(line: string): void;
  debug(line: string): void;
  group<T>(title: string, work: () => Promise<T>): Promise<T>;
}

/** The app folder on disk. */
export interface Workspace {
  /** Paths and source texts of the app folder; throws UserError when there is no `host.json`. */
  readSource(): Promise<SourceTree>;
}

/** User and password at a registry. */
export interface Credentials {
  readonly username: string;
  readonly password: Secret;
}

/** An identity of Azure, which a registry of Azure exchanges for credentials of its own. */
export interface RegistryIdentity {
  readonly identity: AzureIdentity;
}

/** How a caller signs in at a registry. */
export type RegistryAccess = Credentials | RegistryIdentity;

/** How to sign in at a registry host; undefined for one that is used without sign-in. */
export type AccessOf = (host: string, signal: AbortSignal) => Promise<RegistryAccess | undefined>;

/** The image that the registry holds for the app. */
export interface BuiltImage {
  /** By digest. */
  readonly image: ImageReference;
  /** `false` when the registry had this content already. */
  readonly built: boolean;
  /** Tags that it was given besides that of its content. */
  readonly tags?: readonly string[];
}

/** Makes sure that the registry holds the image of the app. */
export interface ImageBuilder {
  build(signal: AbortSignal): Promise<BuiltImage>;
}

/** A blob as it was stored; `size` in bytes. */
export interface StoredBlob {
  readonly digest: string;
  readonly size: number;
}

/** A manifest as bytes, whose SHA-256 is its digest. */
export interface StoredManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly content: Uint8Array;
}

/** Images of one registry host. Every method throws UserError when the registry refuses or cannot be reached. */
export interface ImageRegistry {
  /** Sends the first, unauthenticated request ahead of need; its failure shows at the next call. */
  begin(): void;
  /** Digest of a tag or digest; undefined when the registry does not have it. */
  findDigest(repository: string, name: string, signal: AbortSignal): Promise<string | undefined>;
  /** Manifest or index of a tag or digest, its digest checked. */
  fetchManifest(repository: string, name: string, signal: AbortSignal): Promise<StoredManifest>;
  /** A blob of at most 4 MiB, its digest checked. */
  fetchBlob(repository: string, digest: string, signal: AbortSignal): Promise<Uint8Array>;
  /** A blob of any size, piece by piece, unchecked. */
  streamBlob(repository: string, digest: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  hasBlob(repository: string, digest: string, signal: AbortSignal): Promise<boolean>;
  /** `true` when the registry now shares the blob of repository `from`. */
  mountBlob(repository: string, digest: string, from: string, signal: AbortSignal): Promise<boolean>;
  /** Stores what `open` yields, never in memory as a whole; after a broken connection `open` is called again. */
  uploadBlob(repository: string, open: () => AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StoredBlob>;
  /** Stores a manifest under a tag or its digest. */
  putManifest(repository: string, name: string, manifest: StoredManifest, signal: AbortSignal): Promise<void>;
  /** Every tag of the repository; none when there is no such repository. */
  listTags(repository: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Deletes a manifest by its digest, or a tag; `false` when the registry does not have it. */
  deleteManifest(repository: string, name: string, signal: AbortSignal): Promise<boolean>;
}

/** The app folder as content of an image. */
export interface AppContent {
  /** Hex SHA-256 over the paths, modes and bytes of the app, lockfiles included; installs nothing. */
  hash(dependencies: DependencyPlan, signal: AbortSignal): Promise<string>;
  /** Installs the dependencies beside the app, never into it; disposing of the result removes them. */
  stage(dependencies: DependencyPlan, signal: AbortSignal): Promise<StagedApp>;
}

/** The app and its dependencies, ready to be packed. */
export interface StagedApp extends AsyncDisposable {
  /**
   * An uncompressed tar under the app's folder in the image, the same bytes at every call. Each piece is valid only
   * until the next is asked for.
   */
  tar(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A Docker engine on this machine. */
export interface ImageEngine {
  answers(signal: AbortSignal): Promise<boolean>;
  build(build: DockerBuild, signal: AbortSignal): Promise<void>;
  push(images: readonly ImageReference[], signal: AbortSignal): Promise<void>;
}
