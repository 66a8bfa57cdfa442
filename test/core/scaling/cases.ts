import { type Access, storageText } from './access.ts';
import { azureRows } from './azure-rows.ts';
import { otherRows } from './other-rows.ts';

/** A trigger under one way to reach its service, and what the app says besides. */
export interface ScalingCase {
  readonly name: string;
  /** File of the expectations, without its ending. */
  readonly file: string;
  readonly binding: Readonly<Record<string, unknown>> & { readonly type: string };
  readonly settings?: Readonly<Record<string, string>>;
  readonly host?: Readonly<Record<string, unknown>>;
  readonly function?: Readonly<Record<string, unknown>>;
  /** Otherwise 2.21.0. */
  readonly keda?: string;
}

/** The same under each of its ways to reach the service. */
export interface Row extends Omit<ScalingCase, 'file'> {
  readonly access: Access;
}

/** Every row under each of its ways to sign in. */
export const scalingCases: readonly ScalingCase[] = Object.entries({ ...azureRows, ...otherRows }).flatMap(
  ([file, rows]) =>
    rows.flatMap(({ access, name, settings, ...row }) =>
      Object.entries(access).map(([way, more]) => ({
        ...row,
        file,
        name: way === 'nothing' ? name : `${name}, by ${way}`,
        settings: { AzureWebJobsStorage: storageText, ...settings, ...more },
      })),
    ),
);
