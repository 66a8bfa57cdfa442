import { advice, judge, ok, problem, type Verdict } from './check.ts';
import type { DoctorFacts } from './facts.ts';

/** What the job's token says, which a federated credential must match. */
export function tokenVerdict({ token }: DoctorFacts): Verdict {
  return judge(token, ({ issuer, subject, audience, expectedAudience }) => {
    const said = `Subject "${subject}"${idsNote(subject)}, issuer "${issuer}", audience "${audience}".`;
    if (audience === expectedAudience) return ok(said);
    return problem(
      said,
      advice(`The cloud expects the audience "${expectedAudience}". Check the input "azure-environment".`),
    );
  });
}

/** Whether Entra let us in. */
export function signInVerdict({ signIn }: DoctorFacts): Verdict {
  return judge(signIn, ({ clientId, objectId, tenantId }) =>
    ok(`Signed in as ${clientId} (object id ${objectId}) in the tenant ${tenantId}.`),
  );
}

/** Whether the subscription is there and usable. */
export function subscriptionVerdict({ subscription }: DoctorFacts): Verdict {
  return judge(subscription, ({ id, name, state }) => {
    const shown = name === undefined ? id : `"${name}" (${id})`;
    if (state === undefined || state === 'Enabled') return ok(`The subscription ${shown} is enabled.`);
    return problem(
      `The subscription ${shown} is in the state "${state}", in which it takes no changes.`,
      advice('Let its owner enable it, or name another one by the input "subscription-id".'),
    );
  });
}

/** Repositories since July 2026 have their ids in the subject. */
function idsNote(subject: string): string {
  return /^repo:[^:]*@\d+\/[^:]*@\d+(:|$)/.test(subject) ? ' (with the ids of owner and repository)' : '';
}
