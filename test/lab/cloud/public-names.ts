/** Names of the real services; `*` stands for one label. The cloud's certificate is for them too. */
export const publicNames: readonly string[] = [
  'login.microsoftonline.com',
  'login.microsoftonline.us',
  'login.partner.microsoftonline.cn',
  'management.azure.com',
  'management.usgovcloudapi.net',
  'management.chinacloudapi.cn',
  '*.azurecr.io',
  '*.queue.core.windows.net',
];

/** Whether the cloud stands for the host. */
export function isPublicName(host: string): boolean {
  return publicNames.some(name => {
    const [first, ...rest] = host.toLowerCase().split('.');
    return name === host.toLowerCase() || (first !== '' && name === ['*', ...rest].join('.'));
  });
}
