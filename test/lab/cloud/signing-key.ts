import { type CryptoKey, exportJWK, generateKeyPair, type JSONWebKeySet, type JWTPayload, SignJWT } from 'jose';

const algorithm = 'RS256';

/** A key that signs tokens, and is published for whoever checks them. */
export class SigningKey {
  readonly publicKey: CryptoKey;
  readonly published: JSONWebKeySet;
  readonly #privateKey: CryptoKey;
  readonly #id: string;

  /** `id` names the key in the tokens. */
  static async generate(id: string): Promise<SigningKey> {
    const { publicKey, privateKey } = await generateKeyPair(algorithm);
    const published = { keys: [{ ...(await exportJWK(publicKey)), use: 'sig', alg: algorithm, kid: id }] };
    return new SigningKey(id, publicKey, privateKey, published);
  }

  private constructor(id: string, publicKey: CryptoKey, privateKey: CryptoKey, published: JSONWebKeySet) {
    this.publicKey = publicKey;
    this.published = published;
    this.#privateKey = privateKey;
    this.#id = id;
  }

  /** A token with exactly these claims. */
  sign(claims: JWTPayload): Promise<string> {
    return new SignJWT(claims).setProtectedHeader({ alg: algorithm, typ: 'JWT', kid: this.#id }).sign(this.#privateKey);
  }
}
