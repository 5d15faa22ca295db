/**
 * Certificates of the cluster, made here: three authorities of our own, so that one which only opens the API server
 * opens neither etcd nor the aggregator's header authentication. Keys are 0600 files and leave this machine never.
 */
import 'reflect-metadata';
import { createPrivateKey, X509Certificate as NodeCertificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  type JsonAttributeObject,
} from '@peculiar/x509';
import { slipwayHome } from '../../../src/clients/embedded.ts';
import { writePrivateFile } from '../files.ts';
import { withLock } from '../python/lock.ts';

export type Authority = 'kubernetes' | 'etcd' | 'front-proxy';

export interface CertificateRequest {
  /** Of its files; one name, one certificate. */
  readonly name: string;
  /** A Kubernetes user when the authority is `kubernetes`. */
  readonly commonName: string;
  /** The user's groups. */
  readonly organizations?: readonly string[];
  /** DNS names and IP addresses that a server answers to; none: for clients only. */
  readonly hosts?: readonly string[];
  /** Who signs; `kubernetes` unless said. */
  readonly authority?: Authority;
  readonly signal: AbortSignal;
}

/** Paths of PEM files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** The global type's name differs between Node's types and the DOM's. */
type Key = InstanceType<typeof CryptoKey>;

interface KeyPair {
  readonly certificate: X509Certificate;
  readonly privateKey: Key;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const AUTHORITY_DAYS = 3650;
const DAYS = 730;
/** Renewed at the next start once it has less than this to live. */
const RENEW_DAYS = 90;
/** A clock that is set back a little must not make it invalid. */
const BACKDATED_DAYS = 30;

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;

function pkiFolder(home: string): string {
  return join(home, 'embedded', 'pki');
}

/** The authority's certificate file, made at its first use. */
export async function authorityPath(
  authority: Authority,
  signal: AbortSignal,
  home = slipwayHome(),
): Promise<string> {
  await withPki(home, signal, () => authorityPair(authority, home));
  return authorityFiles(authority, home).cert;
}

/** The certificate with this name: the one on disk while it is valid for this very request, else a new one. */
export async function issueCertificate(
  request: CertificateRequest,
  home = slipwayHome(),
): Promise<CertificateFiles> {
  const authority = request.authority ?? 'kubernetes';
  const folder = pkiFolder(home);
  const files = { cert: join(folder, `${request.name}.crt`), key: join(folder, `${request.name}.key`) };
  const { cert: ca } = authorityFiles(authority, home);
  if (await isGood(files, request, ca)) return { ...files, ca };
  await withPki(home, request.signal, async () => {
    if (await isGood(files, request, ca)) return;
    const issuer = await authorityPair(authority, home);
    const keys = await crypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
    const certificate = await signedFor(request, keys.publicKey, issuer);
    await writePair(files, { certificate, privateKey: keys.privateKey });
  });
  return { ...files, ca };
}

/** The key pair that signs service account tokens: `key` is private, `publicKey` verifies. Never renewed: tokens would end. */
export async function serviceAccountKey(
  signal: AbortSignal,
  home = slipwayHome(),
): Promise<{ readonly key: string; readonly publicKey: string }> {
  const key = join(pkiFolder(home), 'service-account.key');
  const publicKey = join(pkiFolder(home), 'service-account.pub');
  const isThere = async (): Promise<boolean> =>
    (await readText(key)) !== undefined && (await readText(publicKey)) !== undefined;
  if (await isThere()) return { key, publicKey };
  await withPki(home, signal, async () => {
    if (await isThere()) return;
    const pair = await crypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
    await writePrivateFile(publicKey, await publicPem(pair.publicKey));
    await writePrivateFile(key, await privatePem(pair.privateKey));
  });
  return { key, publicKey };
}

/** Two processes that ask at once must not make two authorities. */
async function withPki<T>(home: string, signal: AbortSignal, task: () => Promise<T>): Promise<T> {
  return withLock(join(pkiFolder(home), '.lock'), task, { signal });
}

function authorityFiles(authority: Authority, home: string): { readonly cert: string; readonly key: string } {
  const name = authority === 'kubernetes' ? 'ca' : `${authority}-ca`;
  return { cert: join(pkiFolder(home), `${name}.crt`), key: join(pkiFolder(home), `${name}.key`) };
}

async function authorityPair(authority: Authority, home: string): Promise<KeyPair> {
  const files = authorityFiles(authority, home);
  const known = await readPair(files);
  if (known !== undefined && isValidAt(known.certificate, RENEW_DAYS)) return known;
  const keys = await crypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: nameOf(`slipway-${authority}-ca`),
    keys,
    ...validity(AUTHORITY_DAYS),
    signingAlgorithm: SIGNATURE,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  await writePair(files, { certificate, privateKey: keys.privateKey });
  return { certificate, privateKey: keys.privateKey };
}

async function signedFor(
  request: CertificateRequest,
  publicKey: Key,
  issuer: KeyPair,
): Promise<X509Certificate> {
  const hosts = request.hosts ?? [];
  return X509CertificateGenerator.create({
    subject: nameOf(request.commonName, request.organizations),
    issuer: issuer.certificate.subjectName,
    publicKey,
    signingKey: issuer.privateKey,
    ...validity(DAYS),
    signingAlgorithm: SIGNATURE,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([
        ExtendedKeyUsage.clientAuth,
        ...(hosts.length > 0 ? [ExtendedKeyUsage.serverAuth] : []),
      ]),
      await AuthorityKeyIdentifierExtension.create(issuer.certificate.publicKey),
      ...(hosts.length > 0
        ? [
            new SubjectAlternativeNameExtension(
              hosts.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }) as const),
            ),
          ]
        : []),
    ],
  });
}

/** As objects: from plain strings the library would parse quotes and commas. */
function nameOf(commonName: string, organizations: readonly string[] = []): Name {
  const value = (text: string): JsonAttributeObject[] => [{ utf8String: text }];
  return new Name([...organizations.map((name) => ({ O: value(name) })), { CN: value(commonName) }]);
}

function validity(days: number): { readonly notBefore: Date; readonly notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - BACKDATED_DAYS * DAY_MS), notAfter: new Date(now + days * DAY_MS) };
}

function isValidAt(certificate: X509Certificate, days: number): boolean {
  const now = Date.now();
  return certificate.notBefore.getTime() <= now && certificate.notAfter.getTime() > now + days * DAY_MS;
}

/** True when the files hold a pair of this authority that says what is asked for and lives long enough. */
async function isGood(
  files: { readonly cert: string; readonly key: string },
  request: CertificateRequest,
  ca: string,
): Promise<boolean> {
  const [cert, key, issuer] = [await readText(files.cert), await readText(files.key), await readText(ca)];
  if (cert === undefined || key === undefined || issuer === undefined) return false;
  try {
    const authority = new X509Certificate(issuer);
    const certificate = new X509Certificate(cert);
    const wanted = nameOf(request.commonName, request.organizations).toString();
    const hosts = certificate.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
    return (
      isValidAt(certificate, RENEW_DAYS) &&
      certificate.subject === wanted &&
      JSON.stringify(hosts.map(({ value }) => value)) === JSON.stringify(request.hosts ?? []) &&
      new NodeCertificate(cert).checkPrivateKey(createPrivateKey(key)) &&
      isValidAt(authority, RENEW_DAYS) &&
      (await certificate.verify({ publicKey: authority, signatureOnly: true }))
    );
  } catch {
    return false;
  }
}

async function readPair(files: {
  readonly cert: string;
  readonly key: string;
}): Promise<KeyPair | undefined> {
  const [cert, key] = [await readText(files.cert), await readText(files.key)];
  if (cert === undefined || key === undefined) return undefined;
  const certificate = new X509Certificate(cert);
  const privateKey = await crypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(key), CURVE, true, [
    'sign',
  ]);
  return { certificate, privateKey };
}

/** The key first: a certificate on disk then always has one. */
async function writePair(
  files: { readonly cert: string; readonly key: string },
  { certificate, privateKey }: KeyPair,
): Promise<void> {
  await writePrivateFile(files.key, await privatePem(privateKey));
  await writePrivateFile(files.cert, `${certificate.toString('pem')}\n`);
}

async function privatePem(key: Key): Promise<string> {
  return `${PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

async function publicPem(key: Key): Promise<string> {
  return `${PemConverter.encode(await crypto.subtle.exportKey('spki', key), 'PUBLIC KEY')}\n`;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
