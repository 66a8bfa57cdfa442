import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { type Cloud, type CloudOptions, startCloud } from './cloud.ts';

/** A cloud whose certificates this process trusts, as one that is started with `NODE_EXTRA_CA_CERTS` does. */
export async function startTrustedCloud(options: CloudOptions = {}): Promise<Cloud> {
  const cloud = await startCloud(options);
  setDefaultCACertificates([...getCACertificates('default'), cloud.ca]);
  return cloud;
}
