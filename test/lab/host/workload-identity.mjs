import { readFile } from 'node:fs/promises';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const scope = 'https://storage.azure.com/.default';
// A token is not used in its last minutes, or it could end on its way.
const margin = 300_000;

/** Gives tokens for the storage service, as the identity that the webhook of AKS gave to the pod unless another is named. */
export class WorkloadIdentity {
  #environment;
  #clientId;
  #token = { text: '', end: 0 };

  constructor(environment, clientId) {
    this.#environment = environment;
    this.#clientId = clientId;
  }

  /** Throws with Entra's reason when it refuses. */
  async token() {
    if (this.#token.end - margin < Date.now()) this.#token = await this.#signIn();
    return this.#token.text;
  }

  async #signIn() {
    const { AZURE_TENANT_ID: tenant, AZURE_AUTHORITY_HOST: authority, AZURE_CLIENT_ID: own } = this.#environment;
    const file = this.#environment.AZURE_FEDERATED_TOKEN_FILE;
    if (!file) throw new Error('The pod has no workload identity. Set its label "azure.workload.identity/use".');
    const response = await fetch(new URL(`${tenant}/oauth2/v2.0/token`, authority), {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: this.#clientId ?? own,
        client_assertion_type: assertionType,
        client_assertion: await readFile(file, 'utf8'),
        scope,
      }),
      signal: AbortSignal.timeout(30_000),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`Entra refused the sign-in: ${answer.error_description}`);
    return { text: answer.access_token, end: Date.now() + Number(answer.expires_in) * 1000 };
  }
}
