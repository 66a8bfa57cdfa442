import { KubeConfig } from '@kubernetes/client-node';
import { type Dispatcher, EnvHttpProxyAgent, request } from 'undici';

/** The parts of the Kubernetes client and of undici that we use; imported together, when the cluster is first needed. */
export { type Dispatcher, EnvHttpProxyAgent, KubeConfig, request };
