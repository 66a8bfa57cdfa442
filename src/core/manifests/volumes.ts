import type { V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import type { App, Workload } from '../app.ts';
import { keysSecretName } from '../names.ts';

/** Where the host looks for keys when it may not read the Secret itself. */
const keysDirectory = '/run/secrets/functions-keys';

/** A volume of a pod and where the host sees it. */
export interface MountedVolume {
  readonly volume: V1Volume;
  readonly mount?: V1VolumeMount;
}

/** Volumes of a workload's pods: the keys where the host may not read them, what stays writable, then the file's own. */
export function volumesOf(app: App, workload: Workload, restricted: boolean): readonly MountedVolume[] {
  const keys: MountedVolume = {
    volume: { name: 'functions-keys', secret: { secretName: keysSecretName(app.name), optional: true } },
    mount: { name: 'functions-keys', mountPath: keysDirectory, readOnly: true },
  };
  const writable = ['/tmp', '/home/data', '/home/LogFiles'].map((mountPath, index) => ({
    volume: { name: `writable-${index}`, emptyDir: {} },
    mount: { name: `writable-${index}`, mountPath },
  }));
  return [...(workload.servesHttp ? [] : [keys]), ...(restricted ? writable : []), ...ownVolumesOf(workload)];
}

/** Volumes of the file: the form of Kubernetes with the fields of the mount beside it. */
function ownVolumesOf(workload: Workload): readonly MountedVolume[] {
  return (workload.pod.volumes ?? []).map(({ mountPath, readOnly, subPath, name, ...source }, index) => {
    const volume: V1Volume = { name: typeof name === 'string' ? name : `volume-${index}`, ...source };
    if (typeof mountPath !== 'string') return { volume };
    const options = {
      ...(typeof readOnly === 'boolean' ? { readOnly } : {}),
      ...(typeof subPath === 'string' ? { subPath } : {}),
    };
    return { volume, mount: { name: volume.name, mountPath, ...options } };
  });
}
