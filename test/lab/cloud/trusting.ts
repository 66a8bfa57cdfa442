import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { type Cloud, type CloudOptions, startCloud } from './cloud.ts';

/** Starts a cloud that this process trusts. */
export async function startTrustedCloud(options: CloudOptions = {}): Promise<Cloud> {
  const cloud = await startCloud(options);
  trustCloud(cloud);
  return cloud;
}

/** Lets this process trust the certificates of a cloud, as one does that is started with `NODE_EXTRA_CA_CERTS`. */
export function trustCloud({ ca }: Cloud): void {
  setDefaultCACertificates([...getCACertificates('default'), ca]);
}
