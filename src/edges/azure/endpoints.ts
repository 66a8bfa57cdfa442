import type { AzureEnvironment } from '../../core/azure/environment.ts';
import { endpointsUrl, environmentNames, environments, parseEndpoints } from '../../core/azure/environments.ts';
import { parseJson } from '../../core/json.ts';
import { UserError } from '../../errors.ts';
import { NoAnswer } from '../../flows/http-port.ts';
import { codeOf, noAnswerError } from './no-answer.ts';
import { type Patient, patientFetch } from './patient-fetch.ts';

/** The environment of an input `azure-environment`: built in, or as the Resource Manager at that URL describes it. */
export async function openEnvironment(name: string, patient: Patient): Promise<AzureEnvironment> {
  const known = environmentNames.find(one => one === name);
  if (known) return environments[known];
  const url = endpointsUrl(name);
  const answer = await patientFetch({ url, headers: { accept: 'application/json' } }, patient).catch(error => {
    if (!(error instanceof NoAnswer)) throw error;
    throw noAnswerError(`"${url.host}"`, codeOf(error), error);
  });
  if (answer.status === 200) return parseEndpoints(name, parseJson(answer.body));
  throw new UserError(
    `The Resource Manager "${name}" of input "azure-environment" answered ${answer.status} when asked for the endpoints of its cloud. Check the URL, and run again.`,
  );
}
