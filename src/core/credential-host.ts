import { parseImageReference, parseRegistry } from './image.ts';

interface ImageInputs {
  readonly registry?: string | undefined;
  readonly image?: string | undefined;
}

/** The only registry host that may see the registry credentials: that of the input "registry", else that of "image"; undefined without both. */
export function credentialHostOf({ registry, image }: ImageInputs): string | undefined {
  if (registry) return parseRegistry(registry).host;
  return image ? parseImageReference(image).host : undefined;
}

/** The registry host that the cluster pulls from: that of the input "image", else that of "registry"; undefined without both. */
export function imageHostOf({ registry, image }: ImageInputs): string | undefined {
  if (image) return parseImageReference(image).host;
  return registry ? parseRegistry(registry).host : undefined;
}
