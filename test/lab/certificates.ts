import { webcrypto } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
// The certificate library needs this to be loaded before it.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const { subtle } = webcrypto;

interface Leaf {
  readonly file: string;
  readonly subject: string;
  readonly usages: readonly x509.ExtendedKeyUsage[];
  readonly names?: readonly x509.JsonGeneralName[];
}

const dns = (value: string): x509.JsonGeneralName => ({ type: 'dns', value });
const ip = (value: string): x509.JsonGeneralName => ({ type: 'ip', value });
const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;

/** Who takes part; `apiserver` also serves the metrics adapter and the kubelets. */
const leavesFor = (apiAddress: string): readonly Leaf[] => [
  {
    file: 'apiserver',
    subject: 'CN=kube-apiserver',
    usages: [serverAuth],
    names: [
      ...['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'].map(dns),
      ip('127.0.0.1'),
      ip(apiAddress),
    ],
  },
  { file: 'admin', subject: 'O=system:masters, CN=admin', usages: [clientAuth] },
  { file: 'front-proxy', subject: 'CN=front-proxy-client', usages: [clientAuth] },
  {
    file: 'keda/tls',
    subject: 'CN=keda',
    usages: [serverAuth, clientAuth],
    names: [dns('localhost'), ip('127.0.0.1')],
  },
];

/** The PEM texts a client needs. */
export interface AdminCredentials {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/**
 * Writes the certificate of a throw-away CA and all certificates of a cluster, whose API server has the cluster address
 * `apiAddress`, into `folder` as `<name>.crt` and `<name>.key`, and the key
 * `sa.key` that signs service account tokens, with its public part `sa.pub`. Gives the administrator's credentials.
 */
export async function issueCertificates(
  folder: string,
  apiAddress = '127.0.0.1',
  given?: Authority,
): Promise<AdminCredentials> {
  await mkdir(join(folder, 'keda'), { recursive: true, mode: 0o700 });
  const authority = given ?? (await newAuthority());
  const write = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 });
  const ca = certificateOf(authority);
  const issued = await Promise.all(leavesFor(apiAddress).map(leaf => issue(authority, leaf)));
  const pairs = issued.flatMap(({ file, cert, key }) => [write(`${file}.crt`, cert), write(`${file}.key`, key)]);
  const accounts = await newKeys();
  const accountKeys = [write('sa.key', await pemOf(accounts)), write('sa.pub', await publicPemOf(accounts))];
  await Promise.all([...pairs, write('ca.crt', ca), write('keda/ca.crt', ca), ...accountKeys]);
  const admin = issued.find(({ file }) => file === 'admin');
  return { ca, cert: admin?.cert ?? '', key: admin?.key ?? '' };
}

/** A throw-away CA. */
export interface Authority {
  readonly keys: webcrypto.CryptoKeyPair;
  readonly certificate: x509.X509Certificate;
}

/** The certificate of a CA as PEM text. */
export function certificateOf({ certificate }: Authority): string {
  return certificate.toString('pem');
}

/** PEM texts of a server with these host names or addresses. */
export async function serverCertificate(
  authority: Authority,
  hosts: readonly string[],
): Promise<{ readonly cert: string; readonly key: string }> {
  const names = hosts.map(host => (isIP(host) ? ip(host) : dns(host)));
  return issue(authority, { file: 'server', subject: 'CN=server', usages: [serverAuth], names });
}

/** Makes a CA. */
export async function newAuthority(): Promise<Authority> {
  const keys = await newKeys();
  const usages = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=lab-ca',
    keys,
    ...validity(),
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true), new x509.KeyUsagesExtension(usages, true)],
  });
  return { keys, certificate };
}

async function issue(authority: Authority, leaf: Leaf): Promise<{ file: string; cert: string; key: string }> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: leaf.subject,
    issuer: authority.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: algorithm,
    ...validity(),
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([...leaf.usages]),
      ...(leaf.names ? [new x509.SubjectAlternativeNameExtension([...leaf.names])] : []),
    ],
  });
  return { file: leaf.file, cert: certificate.toString('pem'), key: await pemOf(keys) };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function pemOf(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return x509.PemConverter.encode(await subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
}

async function publicPemOf(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return x509.PemConverter.encode(await subtle.exportKey('spki', keys.publicKey), 'PUBLIC KEY');
}

/** From an hour ago, since clocks differ, for a month. */
function validity(): { notBefore: Date; notAfter: Date } {
  const hour = 3_600_000;
  return { notBefore: new Date(Date.now() - hour), notAfter: new Date(Date.now() + 30 * 24 * hour) };
}
