import { joinedError } from '../errors.ts';
import type { ClusterState } from './cluster-state.ts';
import type { BuiltImage, ImageBuilder } from './ports.ts';

/**
 * The image and the state of the cluster, got at once. A cluster that cannot be deployed to stops the build; faults of both
 * are thrown together.
 */
export async function buildAndLook(
  { images, signal }: { readonly images: ImageBuilder; readonly signal: AbortSignal },
  look: () => Promise<ClusterState>,
): Promise<readonly [BuiltImage, ClusterState]> {
  const stop = new AbortController();
  const reasons: unknown[] = [];
  const note = (reason: unknown) => {
    // What a stopped build says is no fault of its own.
    if (!stop.signal.aborted) reasons.push(reason);
  };
  const build = images.build(AbortSignal.any([signal, stop.signal]));
  const state = look();
  build.catch(note);
  state.catch(reason => {
    note(reason);
    stop.abort(reason);
  });
  await Promise.allSettled([state, build]);
  if (reasons.length > 0) throw joinedError(reasons);
  return [await build, await state];
}
