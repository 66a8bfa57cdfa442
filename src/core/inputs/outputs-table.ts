import type { ActionName } from './table.ts';

/** Outputs of one action by name, with what each holds. */
export type OutputRows = Readonly<Record<string, string>>;

/** Outputs of every action. None ever holds a secret, and a failed run sets those it knows. */
export const outputRows: Readonly<Record<ActionName, OutputRows>> = {
  deploy: {
    name: 'Base name of the Kubernetes objects of the app.',
    namespace: 'Namespace of the app.',
    image: 'Image that was deployed, with its digest.',
    digest: 'Digest of the image, "sha256:" and 64 hexadecimal digits.',
    built: '"true" when an image was built, "false" when it was already there.',
    changed: '"true" when anything in the cluster was created, changed or deleted, else "false".',
    url: 'Address of the HTTP functions as seen from where "expose" makes them reachable; unset when there is none.',
    functions:
      'JSON list of the functions found in the code, each with "name", "trigger", "workload" and, over HTTP, "url".',
    plan: 'JSON object with the lists "created", "changed", "deleted" and "unchanged" of object names.',
    release: 'Number of the release that was recorded.',
    'previous-image': 'Image of the last good release before this one, with its digest; unset for the first.',
    'manifests-directory': 'Folder with the rendered manifests; set with "mode: render" only.',
  },
  'smoke-test': {
    report: 'JSON list with the result of each check.',
    passed: 'Number of checks that passed.',
    failed: 'Number of checks that failed.',
  },
  'scale-test': {
    report: 'JSON object with limits, results and the curve of replicas and messages over time.',
    'peak-replicas': 'Greatest number of replicas that ran at once.',
    'first-replica-seconds': 'Seconds from the first message to the first replica that ran.',
    'drained-seconds': 'Seconds from the first message until the queue was empty and the last replica was gone.',
  },
  doctor: {
    report:
      'JSON object with "checks", each with "id", "title", "state" ("ok", "problem", "unknown" or "skipped"), "evidence" and, where there is one, "cure"; and with "changes" and "failures" of "fix".',
    problems: 'Number of problems that remain.',
  },
  teardown: {
    deleted: 'JSON list of what was deleted, or would be with "dry-run".',
  },
};
