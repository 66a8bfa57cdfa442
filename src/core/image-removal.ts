/** An image or index of a repository. */
export interface StoredImage {
  readonly digest: string;
  readonly tags: readonly string[];
  /** Digests of the images that an index lists. */
  readonly parts: readonly string[];
  /** Its configuration says that aks-functions put it together. */
  readonly isBuilt: boolean;
}

/** Who has to do with the images of a repository. */
export interface ImageClaims {
  /** Digests that recorded releases of the app refer to. */
  readonly recorded: ReadonlySet<string>;
  /** Tags that releases of the app gave. */
  readonly ownTags: ReadonlySet<string>;
  /** What of others needs a digest, e.g. `Deployment "shop" in the namespace "live"`. */
  readonly users: ReadonlyMap<string, string>;
}

/** What is to go of a repository, and what stays. */
export interface ImageRemoval {
  readonly digests: readonly string[];
  /** Tags of ours on images that stay. */
  readonly tags: readonly string[];
  /** Each as a sentence that says why. */
  readonly kept: readonly string[];
}

/** Tags that every build gives by itself: the name of the content, and the commit. */
const givenByBuilds = /^(aks-functions-[0-9a-f]{32}|[0-9a-f]{40})$/;

/** Removes what the app alone has to do with; whatever is not known to be ours stays. */
export function decideRemoval(images: readonly StoredImage[], claims: ImageClaims): ImageRemoval {
  const { recorded, ownTags, users } = claims;
  const isOwnTag = (tag: string) => givenByBuilds.test(tag) || ownTags.has(tag);
  const ownParts = new Set(images.filter(({ digest }) => recorded.has(digest)).flatMap(({ parts }) => parts));
  const kept = new Map<string, string>();
  const tags: string[] = [];
  for (const { digest, tags: all, isBuilt } of images) {
    const user = users.get(digest);
    const foreign = all.filter(tag => !isOwnTag(tag));
    if (user !== undefined) kept.set(digest, `${user} uses it`);
    else if (!isBuilt && !recorded.has(digest) && !ownParts.has(digest))
      kept.set(digest, 'it was not built by aks-functions, and no recorded release of the app refers to it');
    else if (foreign.length > 0) {
      kept.set(digest, `no release of the app is known to have given it the tag "${foreign.join('", "')}"`);
      tags.push(...all.filter(isOwnTag));
    }
  }
  for (const { digest, parts } of images)
    if (kept.has(digest)) for (const part of parts) if (!kept.has(part)) kept.set(part, `${digest} lists it`);
  return {
    digests: images.map(({ digest }) => digest).filter(digest => !kept.has(digest)),
    tags,
    kept: [...kept].map(([digest, reason]) => `Image ${digest} stays: ${reason}.`),
  };
}
