import type { InputName } from './table.ts';

const later = 'Not available yet.';

/**
 * What each input means, as the reference manual says it: its format, its default and what it excludes. The first
 * sentence stands alone; the help of the command line shows only that one.
 */
export const inputDescriptions: Readonly<Record<InputName, string>> = {
  'client-id':
    'Client id (a UUID) of the identity to sign in to Azure with: a managed identity or an app registration with a federated credential for this repository. Needed with "auth: oidc" and "auth: client-secret"; with "auth: managed-identity" it chooses among the identities of the machine.',
  'tenant-id': 'Id (a UUID) of the Entra tenant of the identity. Needed with "auth: oidc" and "auth: client-secret".',
  'subscription-id':
    'Id (a UUID) of the Azure subscription that holds cluster and registry. Needed with "cluster". It is the subscription that is used, whatever else the identity may see.',
  auth: 'How to sign in to Azure. "oidc" (the token of the job, no secret; needs "permissions: id-token: write"), "managed-identity" (a self-hosted runner in Azure), "client-secret", "azure-cli" (whatever "az" is signed in as) or "none". Nothing is signed in to when "client-id", "tenant-id" and "cluster" are all absent and "auth" is "oidc".',
  'client-secret':
    'Secret of the identity. Only for "auth: client-secret", and needed there. Masked before anything else happens; "auth: oidc" is recommended instead.',
  'azure-environment':
    'Azure cloud to sign in to. One of "AzureCloud", "AzureUSGovernment" and "AzureChinaCloud", or the https URL of a Resource Manager whose "/metadata/endpoints" names the rest. Without sign-in to Azure it makes no difference.',

  cluster:
    'Name of the AKS cluster. Goes with "resource-group" and "subscription-id" and excludes "kubeconfig". A cluster with Entra sign-in gets a token of the signed-in identity, without "kubelogin"; one with local accounts alone gets their certificate.',
  'resource-group': 'Resource group of the AKS cluster. Goes with "cluster".',
  kubeconfig:
    'Path or text of a kubeconfig whose current context is the cluster. Any Kubernetes will do. Excludes "cluster" and "resource-group". Its credentials are masked before they are used; give a text from a secret. Where it starts "kubelogin" and the inputs sign in to Azure, that identity is used instead.',
  'kubeconfig-file':
    'Path of a kubeconfig to write for later steps, such as those with "kubectl" or "helm". By default none is written. It has the current cluster and the credential of this run: a token of the signed-in identity, which lives about an hour, or what "kubeconfig" or the local account of the cluster gives. Only the owner may read it (mode 0600). It must lie outside the app folder and the build context, such as in the temporary folder of the runner; a missing folder is made. A file that is there already is an error. The action removes the file at the end of the job, also after a failure; on the command line the caller removes it. Not with "mode: render".',
  namespace: 'Kubernetes namespace of the app. A DNS label of up to 63 characters; it is created when it is missing.',

  'app-directory':
    'Folder of the app, the one with "host.json". Relative to the working directory. One app per step; use a matrix for several. With "image" it may be a folder without an app.',
  name: 'Base name of all Kubernetes objects of the app. 1 to 40 characters, "a-z", "0-9" and "-", a letter first. Without it the key "name" of "aks-functions.yml" counts, else the name of the folder.',
  config:
    'File with what does not fit one line of "with:", a path in the app folder. The default may be missing; a file that is named here may not.',
  environment:
    'Name of the entry under "environments" of "aks-functions.yml" to merge over the rest of the file. Without it none is merged.',

  registry:
    'OCI registry to push the image to: a host, optionally with a port and a prefix, such as "shop.azurecr.io" or "ghcr.io/acme/functions". The image is named after the app. Needed unless "image" is given.',
  'registry-username':
    'User name at the registry. Goes with "registry-password"; without both the registry is used without sign-in.',
  'registry-password':
    'Password or token at the registry. Masked before anything else happens. The cluster gets it in a pull secret of the app.',
  image:
    'Image to deploy as it is, by digest or tag, such as "shop.azurecr.io/orders@sha256:…". Nothing is built, so that it excludes what shapes the build. A tag is resolved to its digest first. Where "app-directory" has no "host.json", the functions are read from the layers of the image, without running it; otherwise both must tell the same functions.',
  builder:
    'How to build the image. "layers" adds the app as one reproducible layer to a base image over the registry API, without an engine; "docker" builds the Dockerfile with a Docker engine on this machine; "acr" builds it in the registry (not available yet). "auto" takes "layers" when the app has no Dockerfile, else "docker".',
  'base-image':
    'Base image for the builder "layers": a mirror of the official one, or a hardened one. By default the official Azure Functions image for the runtime and version that the code asks for. Excludes "dockerfile".',
  dockerfile:
    'Path of the Dockerfile for the builder "docker", relative to the working directory. By default "Dockerfile" in the build context.',
  'build-context':
    'Folder that is sent to the Docker engine, relative to the working directory. By default the app folder. Only for the builder "docker".',
  'build-args':
    'Build arguments for the Docker engine, "NAME=value", one a line. They are visible in the image; use "build-secrets" for secrets. Only for the builder "docker".',
  'build-secrets':
    'Build secrets for the Docker engine, "id=value", one a line. Masked before anything else happens, and in no layer of the image. Only for the builder "docker".',
  'build-target': 'Stage of the Dockerfile to build. By default the last one. Only for the builder "docker".',
  platform: 'Platform of the image, "linux/amd64" or "linux/arm64". It must be that of the nodes.',
  tags: 'Extra tags for the image, one a line. A deployment always uses the digest, so that a moved tag changes nothing.',

  settings:
    'Settings of the app that are not secret, "NAME=value", one a line. They become a ConfigMap and override the key "settings" of "aks-functions.yml". A name given here may not be in "secret-settings". Blank lines and lines that start with "#" are skipped.',
  'secret-settings':
    'Secret settings of the app, "NAME=value", one a line. They become a Secret, and each value is masked before anything else happens. A name given here may not be in "settings". A value cannot go over several lines.',
  'settings-file':
    'Path of a "local.settings.json" whose "Values" become settings, from the working directory or from the app folder. All are secret apart from well-known public names such as "FUNCTIONS_WORKER_RUNTIME". "UseDevelopmentStorage=true" is refused unless "settings" or "secret-settings" replaces the value.',
  'identity-client-id':
    'Client id (a UUID) of the workload identity that pods and scalers use for connections without a connection string. By default none.',

  'min-replicas':
    'Least number of replicas of the workload for event functions, 0 to 1000. With 0, KEDA stops it when there are no events.',
  'max-replicas': 'Greatest number of replicas of the workload for event functions, 1 to 1000.',
  'polling-interval': 'Seconds between two looks of KEDA at the source of events, 1 to 86400.',
  'cooldown-period': 'Seconds without events after which KEDA stops the last replica, 0 to 86400.',

  expose:
    'How HTTP functions are reached. "none", "cluster" (a Service inside the cluster), "internal-load-balancer", "load-balancer", "ingress" or "gateway".',
  host: 'Host name for "expose: ingress" and "expose: gateway", such as "orders.example.com". Only for these two.',

  mode: 'What to do. "deploy" builds, applies, waits and verifies. "render" writes the manifests into "manifests-directory" and needs no cluster. "plan" (the difference against the cluster) is not available yet.',
  wait: 'Whether to wait until pods, endpoints and scalers are ready: "true" or "false". With "false" nothing is verified either.',
  verify:
    'What to verify after the rollout. "loaded" asks the running host whether it lists exactly the functions found in the code; "ready" is content with ready pods; "none" verifies nothing.',
  timeout:
    'Longest time for the rollout and everything else that is waited for, such as "90s", "10m" or "1h". A bare number is seconds.',
  'rollback-on-failure':
    'Whether a failed deployment returns to the last good release: "true" or "false". Automatic return is not available yet; until then pods of the last good release keep running beside those that do not become ready.',
  prune:
    'Whether to remove objects of this app that the new plan no longer has: "true" or "false". Objects without our labels are never touched.',
  'take-over':
    'Whether to adopt objects of the same names that "func kubernetes deploy" made: "true" or "false". "true" is not available yet.',
  'manifests-directory':
    'Folder for the rendered manifests, relative to the working directory. Needed for "mode: render", and made when it is missing.',
  'github-token': 'Token for comments and deployments on GitHub. Nothing uses it yet.',

  checks:
    'Checks as YAML, requests ("get", "post") and messages that must be consumed ("queue", "send"), in the form of the key "checks" of "aks-functions.yml", which they replace. By default those of the file.',
  url: 'Address to send the checks to, starting with "http://" or "https://". By default the address of the app is found in the cluster. With it no "kubeconfig" is needed.',
  retries: 'How often a check that fails is tried again, 0 to 1000.',

  function: 'Queue function to test, by its name in the code. By default the only one of the app.',
  messages: 'Number of messages to put, 1 to 100000.',
  'message-body': 'Text of each message. "{n}" stands for its number, from 1.',
  'expect-replicas': 'Number of replicas that must be reached, 1 to 1000. By default any number will do.',
  'first-replica-within':
    'Longest time until the first replica runs, such as "60s". By default there is no limit of its own.',
  'drained-within':
    'Longest time until the queue is empty and all replicas are gone, such as "10m". By default there is no limit of its own.',
  confirm: 'Name of the app, repeated. The test puts real messages into a real queue, and runs only when this is said.',

  fix: 'Whether to mend what the identity may mend, and to record it for "everything" of the teardown: "true" or "false". Roles, federated credentials and features of the cluster that are missing are added; nothing that is there is changed.',
  'install-keda':
    'Whether "fix" may turn on the KEDA add-on of an AKS cluster without KEDA: "true" or "false". For other clusters the doctor prints the Helm command.',

  preview: `Number of the pull request whose preview to remove. ${later}`,
  everything:
    'Whether to remove the images in "registry", the namespace where a deployment made it, and what the doctor has recorded for the app too, KEDA last: "true" or "false". What others use stays, with the reason. Roles and features of Azure need "cluster" and a sign-in.',
  'delete-namespace':
    'Whether to delete the namespace too: "true" or "false". Refused while it holds objects that are not this app\'s.',
  'delete-images':
    'Whether to delete the images of the app from the registry: "true" or "false". Needs "registry". Only images that aks-functions built or a recorded release refers to go, and none that anything else in the cluster still uses or that has tags of others.',
  'delete-queues':
    'Whether to delete the queues of the app\'s queue functions, with the messages in them: "true" or "false". Needs the settings with their connection strings.',
  'dry-run': 'Whether to list what would be removed, and remove nothing: "true" or "false".',
};

/** Defaults that only the runner can fill in, by input; they stand in action.yml and nowhere else. */
export const runnerDefaults: Readonly<Partial<Record<InputName, string>>> = {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub Actions
  'github-token': '${{ github.token }}',
};
