import { parseImageReference, parseRegistry } from './image.ts';

/** The only registry host that may see the registry credentials: that of the input "registry", else that of "image"; undefined without both. */
export function credentialHostOf({
  registry,
  image,
}: {
  readonly registry?: string | undefined;
  readonly image?: string | undefined;
}): string | undefined {
  if (registry) return parseRegistry(registry).host;
  return image ? parseImageReference(image).host : undefined;
}
