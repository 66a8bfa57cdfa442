import { type CryptoKey, exportJWK, generateKeyPair, type JSONWebKeySet, type JWTPayload, SignJWT } from 'jose';

const algorithm = 'RS256';

/** A key that signs tokens, and is published for whoever checks them. */
export class SigningKey {
  readonly publicKey: CryptoKey;
  readonly published: JSONWebKeySet;
  /** All that was signed, in order: tests look for it where it must not be. */
  readonly signed: string[] = [];
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
  async sign(claims: JWTPayload): Promise<string> {
    const header = { alg: algorithm, typ: 'JWT', kid: this.#id };
    const token = await new SignJWT(claims).setProtectedHeader(header).sign(this.#privateKey);
    this.signed.push(token);
    return token;
  }
}
