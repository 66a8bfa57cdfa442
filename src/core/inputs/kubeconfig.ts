/** Whether the input `kubeconfig` is a path: its text has several lines, is JSON, or is either in base64. */
export function isKubeconfigPath(kubeconfig: string): boolean {
  return !/\n|^\s*[{[]/.test(kubeconfig) && decodedKubeconfig(kubeconfig) === undefined;
}

/** The text of a kubeconfig that is given in base64, the usual form of a stored secret; undefined for any other value. */
export function decodedKubeconfig(kubeconfig: string): string | undefined {
  if (!/^[\w+/=\s-]+$/.test(kubeconfig)) return undefined;
  const text = Buffer.from(kubeconfig, 'base64').toString('utf8');
  return text.includes('apiVersion') ? text : undefined;
}

/** Fault of a `kubeconfig` that is no readable file; a long value is cut, since it may be a credential. */
export function faultOfKubeconfig(kubeconfig: string, code?: string): string {
  const why = code === undefined ? '' : ` (${code})`;
  const cure = 'Give the path or the text of a kubeconfig.';
  if (isShown(kubeconfig))
    return `Input "kubeconfig" names the file "${kubeconfig}", which cannot be read${why}. ${cure}`;
  return `Input "kubeconfig" is neither the text of a kubeconfig nor a file that can be read${why}, got "${kubeconfig.slice(0, longestShown - 1)}…". ${cure}`;
}

/** Whether a value of `kubeconfig` that is no readable file is short enough to be shown, and no secret therefore. */
export function isShown(kubeconfig: string): boolean {
  return kubeconfig.length <= longestShown;
}

const longestShown = 40;
