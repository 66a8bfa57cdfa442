import type { ClusterUser, MetricsApi, NamespaceLimits, Trial } from '../../core/doctor/facts.ts';
import type { GrantedRule, Rule } from '../../core/doctor/rights.ts';
import type { Manifest } from '../../core/manifests/object.ts';
import { fieldManager } from '../../core/names.ts';
import { keyOf } from '../../core/plan.ts';
import type { Kind, Kinds } from '../../flows/cluster-port.ts';
import type { ClusterInspection } from '../../flows/doctor-port.ts';
import type { Api, ApiAnswer } from './api.ts';
import { isKind, kindRows, pathOf } from './api-paths.ts';
import { revealed } from './revealed.ts';
import { errorOf, isMissingRight } from './status-error.ts';

/** Asks one API server over a connection that is there. */
export class ApiInspection implements ClusterInspection {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  async server(): Promise<{ readonly version: string; readonly date: Date | undefined }> {
    const answer = await this.#api.send({ method: 'GET', path: '/version' });
    const { gitVersion = 'unknown' }: { readonly gitVersion?: string } = parsed('read the version', answer);
    const date = typeof answer.headers.date === 'string' ? new Date(answer.headers.date) : undefined;
    return { version: gitVersion, date };
  }

  async user(): Promise<ClusterUser | undefined> {
    const answer = await this.#review('authentication.k8s.io/v1', 'SelfSubjectReview', {});
    if (answer.status === 404) return undefined;
    const review: {
      readonly status?: { readonly userInfo?: { readonly username?: string; readonly groups?: readonly string[] } };
    } = parsed('ask who we are', answer);
    const { username = '', groups = [] } = review.status?.userInfo ?? {};
    return { name: username, groups };
  }

  async grantedRules(namespace: string): Promise<readonly GrantedRule[]> {
    const answer = await this.#review(authorization, 'SelfSubjectRulesReview', { spec: { namespace } });
    const review: { readonly status?: { readonly resourceRules?: readonly GrantedRule[] } } = parsed(
      `ask for our rights in "${namespace}"`,
      answer,
    );
    return review.status?.resourceRules ?? [];
  }

  async isAllowed(namespace: string, { group, resource, clusterWide }: Rule, verb: string): Promise<boolean> {
    const [main = '', subresource] = resource.split('/');
    const resourceAttributes = {
      ...{ group, resource: main, verb },
      ...(subresource === undefined ? {} : { subresource }),
      ...(clusterWide ? {} : { namespace }),
    };
    const answer = await this.#review(authorization, 'SelfSubjectAccessReview', { spec: { resourceAttributes } });
    const review: { readonly status?: { readonly allowed?: boolean } } = parsed(
      `ask for the right to ${verb} ${resource}`,
      answer,
    );
    return review.status?.allowed === true;
  }

  async metricsApi(): Promise<MetricsApi | undefined> {
    const path = '/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.external.metrics.k8s.io';
    const answer = await this.#api.send({ method: 'GET', path });
    if (answer.status === 404) return undefined;
    const service: ApiService = parsed('read the registration of external metrics', answer);
    const available = service.status?.conditions?.find(condition => condition.type === 'Available');
    const { namespace, name } = service.spec?.service ?? {};
    return {
      service: namespace !== undefined && name !== undefined ? { namespace, name } : undefined,
      available: available?.status === 'True',
      message: available?.message,
    };
  }

  async limits(namespace: string): Promise<NamespaceLimits> {
    const [quotas, ranges] = await Promise.all([
      this.#items<Quota>(`/api/v1/namespaces/${encodeURIComponent(namespace)}/resourcequotas`),
      this.#items<LimitRange>(`/api/v1/namespaces/${encodeURIComponent(namespace)}/limitranges`),
    ]);
    return {
      quotas: quotas.map(({ metadata, spec, status }) => ({
        name: metadata?.name ?? '',
        hard: status?.hard ?? spec?.hard ?? {},
        used: status?.used ?? {},
      })),
      ranges: ranges.map(({ metadata, spec }) => ({ name: metadata?.name ?? '', limits: spec?.limits ?? [] })),
    };
  }

  async tryApply(object: Manifest): Promise<Trial | undefined> {
    const answer = await this.#api.send({
      method: 'PATCH',
      path: pathOfManifest(object),
      query: { fieldManager, fieldValidation: 'Strict', dryRun: 'All' },
      contentType: 'application/apply-patch+yaml',
      body: revealed(object),
    });
    return trialOf(object, answer);
  }

  async tryCreate(object: Manifest): Promise<Trial | undefined> {
    const { kind, metadata } = object;
    const answer = await this.#api.send({
      method: 'POST',
      path: pathOf(knownKind(kind), metadata.namespace ?? ''),
      query: { fieldManager, fieldValidation: 'Strict', dryRun: 'All' },
      body: revealed(object),
    });
    return trialOf(object, answer);
  }

  async listEverywhere<K extends Kind>(kind: K, labels?: string): Promise<readonly Kinds[K][]> {
    const { apiVersion, plural } = kindRows[kind];
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    return this.#items(`${root}/${plural}`, labels === undefined ? {} : { labelSelector: labels });
  }

  #review(apiVersion: string, kind: string, fields: object): Promise<ApiAnswer> {
    const path = `/apis/${apiVersion}/${kind.toLowerCase()}s`;
    return this.#api.send({ method: 'POST', path, body: JSON.stringify({ apiVersion, kind, ...fields }) });
  }

  /** Objects of a list over all of its pages; none of a kind that the cluster does not know. */
  async #items<Item>(path: string, query: Readonly<Record<string, string>> = {}): Promise<readonly Item[]> {
    const items: Item[] = [];
    let next: string | undefined;
    do {
      const answer = await this.#api.send({
        method: 'GET',
        path,
        query: { limit: '500', ...query, ...(next ? { continue: next } : {}) },
      });
      if (answer.status === 404) return items;
      const page: { readonly items: readonly Item[]; readonly metadata?: { readonly continue?: string } } = parsed(
        `list ${path.split('/').at(-1)}`,
        answer,
      );
      items.push(...page.items);
      next = page.metadata?.continue;
    } while (next);
    return items;
  }
}

interface ApiService {
  readonly spec?: { readonly service?: { readonly namespace?: string; readonly name?: string } };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

type Amounts = Readonly<Record<string, string>>;

interface Quota {
  readonly metadata?: { readonly name?: string };
  readonly spec?: { readonly hard?: Amounts };
  readonly status?: { readonly hard?: Amounts; readonly used?: Amounts };
}

interface LimitRange {
  readonly metadata?: { readonly name?: string };
  readonly spec?: { readonly limits?: NamespaceLimits['ranges'][number]['limits'] };
}

const authorization = 'authorization.k8s.io/v1';

/** A webhook that cannot try, and a namespace so new that it has no account for pods yet. */
const unjudged = /does not support dry run|error looking up service account/;

/** Undefined where the server did not come to judge the object: without the right or the kind, or with a webhook that cannot try. */
function trialOf(object: Manifest, answer: ApiAnswer): Trial | undefined {
  if (answer.status === 401) throw errorOf('try the plan', answer);
  if (answer.status === 404 || isMissingRight(answer) || unjudged.test(answer.body)) return undefined;
  const doing = `apply ${object.kind} "${object.metadata.name}"`;
  return {
    object: keyOf(object),
    refusal: answer.status >= 300 ? errorOf(doing, answer).message : undefined,
    warnings: warningsOf(answer.headers.warning),
  };
}

/** Texts of headers `Warning: 299 - "text"`. */
function warningsOf(header: string | string[] | undefined): readonly string[] {
  const text = Array.isArray(header) ? header.join(', ') : (header ?? '');
  return [...text.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(match => (match[1] ?? '').replace(/\\(.)/g, '$1'));
}

function pathOfManifest({ kind, metadata }: Manifest): string {
  return pathOf(knownKind(kind), metadata.namespace ?? '', metadata.name);
}

function knownKind(kind: string): Kind {
  if (!isKind(kind)) throw new Error(`no path for kind ${kind}`);
  return kind;
}

function parsed<Result>(doing: string, answer: ApiAnswer): Result {
  if (answer.status >= 300) throw errorOf(doing, answer);
  const result: Result = JSON.parse(answer.body);
  return result;
}
