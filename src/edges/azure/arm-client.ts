import { type ContainerServiceContext, createContainerService } from '@azure/arm-containerservice/api';

/** Azure's client for clusters, whose context carries any request to the Resource Manager. */
export { type ContainerServiceContext, createContainerService };
