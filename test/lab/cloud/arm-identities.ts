import { setTimeout as pause } from 'node:timers/promises';
import * as v from 'valibot';
import { type ArmAnswer, ArmRefusal, badRequest, resourceNotFound } from './arm-answer.ts';
import { listAnswer, pageAnswer } from './arm-lists.ts';
import { type ArmCall, type ArmRoute, inGroup, inSubscription } from './arm-routes.ts';
import { addIdentity, kinds } from './resources.ts';
import { type CloudState, type FederatedCredential, holds, type Principal, samePath } from './state.ts';

const identityPath = `${inGroup}/providers/${kinds.identity}/{name}`;
const credentials = '/federatedIdentityCredentials';
const credentialAction = `${kinds.identity}/federatedIdentityCredentials`;
const mostCredentials = 20;
/** Milliseconds that writing a credential takes; others of the same identity are refused meanwhile. */
const writing = 100;

/** Managed identities and whom they trust. */
export function identityRoutes(): readonly ArmRoute[] {
  const busy = new Set<string>();
  const list = (call: ArmCall) =>
    listAnswer(
      call,
      `${kinds.identity}/read`,
      identities(call.state).filter(({ id }) => holds(call.scope, id)),
      ({ principal }) => shown(principal),
    );
  const one = { scope: identityPath };
  const trusts = { scope: identityPath, rest: credentials };
  const aTrust = { scope: identityPath, rest: `${credentials}/{credential}` };
  return [
    { ...one, method: 'GET', action: `${kinds.identity}/read`, handle: call => ok(shown(identityOf(call))) },
    { ...one, method: 'PUT', action: `${kinds.identity}/write`, handle: putIdentity },
    { ...one, method: 'DELETE', action: `${kinds.identity}/delete`, handle: deleteIdentity },
    ...[inSubscription, inGroup].map(
      (scope): ArmRoute => ({
        ...{ method: 'GET', scope, rest: `/providers/${kinds.identity}`, action: `${kinds.identity}/read` },
        ...{ check: 'entries', handle: list },
      }),
    ),
    { ...trusts, method: 'GET', action: `${credentialAction}/read`, handle: listCredentials },
    { ...aTrust, method: 'GET', action: `${credentialAction}/read`, handle: getCredential },
    {
      ...{ ...aTrust, method: 'PUT', action: `${credentialAction}/write` },
      handle: call => exclusively(busy, call, () => putCredential(call)),
    },
    {
      ...{ ...aTrust, method: 'DELETE', action: `${credentialAction}/delete` },
      handle: call => exclusively(busy, call, () => Promise.resolve(deleteCredential(call))),
    },
  ];
}

function ok(body: unknown): ArmAnswer {
  return { status: 200, body };
}

function identities(state: CloudState): readonly { readonly id: string; readonly principal: Principal }[] {
  return state.principals.flatMap(principal =>
    principal.resourceId === undefined ? [] : [{ id: principal.resourceId, principal }],
  );
}

function identityOf({ state, scope, params }: ArmCall): Principal {
  const found = identities(state).find(({ id }) => samePath(id, scope));
  if (!found) throw resourceNotFound(kinds.identity, params.name ?? '', params.group ?? '');
  return found.principal;
}

function shown({ resourceId, name, location, clientId, objectId, tenantId }: Principal): unknown {
  const properties = { clientId, principalId: objectId, tenantId };
  return { id: resourceId, name, type: kinds.identity, location, tags: {}, properties };
}

async function putIdentity(call: ArmCall): Promise<ArmAnswer> {
  const { state, scope, params, caller } = call;
  const body = v.safeParse(v.object({ location: v.string() }), await call.json());
  if (!body.success) throw new ArmRefusal(400, 'LocationRequired', 'The location property is required.');
  const before = identities(state).find(({ id }) => samePath(id, scope));
  if (before) return ok(shown(before.principal));
  const place = {
    ...{ tenantId: caller.tenantId, location: body.output.location },
    ...{ subscriptionId: params.subscription ?? '', resourceGroup: params.group ?? '' },
  };
  return { status: 201, body: shown(addIdentity(state, place, params.name ?? '')) };
}

function deleteIdentity({ state, scope }: ArmCall): ArmAnswer {
  const found = identities(state).find(({ id }) => samePath(id, scope));
  if (!found) return { status: 204 };
  state.principals.splice(state.principals.indexOf(found.principal), 1);
  return { status: 200 };
}

/** One write at a time for each identity. */
async function exclusively(busy: Set<string>, call: ArmCall, write: () => Promise<ArmAnswer>): Promise<ArmAnswer> {
  const key = call.scope.toLowerCase();
  if (busy.has(key))
    throw new ArmRefusal(
      409,
      'ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity',
      `Too many Federated Identity Credentials are written concurrently for the managed identity '${call.scope}'. Concurrent Federated Identity Credentials writes under the same managed identity are not supported.`,
    );
  busy.add(key);
  try {
    await pause(writing);
    return await write();
  } finally {
    busy.delete(key);
  }
}

const credentialBody = v.object({
  properties: v.object({
    issuer: v.pipe(v.string(), v.url()),
    subject: v.pipe(v.string(), v.minLength(1)),
    audiences: v.pipe(v.array(v.string()), v.length(1)),
  }),
});

async function putCredential(call: ArmCall): Promise<ArmAnswer> {
  const identity = identityOf(call);
  const name = call.params.credential ?? '';
  const parsed = v.safeParse(credentialBody, await call.json());
  if (!parsed.success) throw badRequest(`The federated identity credential is invalid: ${v.summarize(parsed.issues)}`);
  const { properties } = parsed.output;
  const others = identity.federated.filter(one => !samePath(one.name, name));
  const before = identity.federated.find(one => samePath(one.name, name));
  if (others.some(({ issuer, subject }) => issuer === properties.issuer && subject === properties.subject))
    throw new ArmRefusal(
      409,
      'Conflict',
      'There was a conflict. Issuer and subject combination already exists for this Managed Identity.',
    );
  if (others.length >= mostCredentials)
    throw badRequest(`Too many Federated Identity Credentials: an identity may have at most ${mostCredentials}.`);
  const made = { name, ...properties, createdAt: Date.now() };
  identity.federated = [...others, made];
  return { status: before ? 200 : 201, body: credentialShown(identity, made) };
}

function getCredential(call: ArmCall): ArmAnswer {
  const identity = identityOf(call);
  const name = call.params.credential ?? '';
  const found = identity.federated.find(one => samePath(one.name, name));
  if (found) return ok(credentialShown(identity, found));
  throw new ArmRefusal(404, 'NotFound', `The federated identity credential '${name}' was not found.`);
}

function deleteCredential(call: ArmCall): ArmAnswer {
  const identity = identityOf(call);
  const rest = identity.federated.filter(one => !samePath(one.name, call.params.credential ?? ''));
  const status = rest.length < identity.federated.length ? 200 : 204;
  identity.federated = rest;
  return { status };
}

function listCredentials(call: ArmCall): ArmAnswer {
  const identity = identityOf(call);
  return pageAnswer(
    call,
    identity.federated.map(one => credentialShown(identity, one)),
  );
}

function credentialShown(identity: Principal, { name, issuer, subject, audiences }: FederatedCredential): unknown {
  return {
    id: `${identity.resourceId}${credentials}/${name}`,
    name,
    type: `${kinds.identity}/federatedIdentityCredentials`,
    properties: { issuer, subject, audiences },
  };
}
