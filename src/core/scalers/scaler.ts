import type { FunctionConfig } from '../config/config.ts';
import type { Binding, HostJson } from '../project.ts';
import type { Secret } from '../secret.ts';
import type { Settings } from '../settings.ts';

/** How a scaler signs in at the service that it watches. */
export type Connection =
  /** By the connection string in this setting, given to the parameter of that name, `connection` when there is none. */
  | { readonly kind: 'string'; readonly setting: string; readonly parameter?: string }
  /** By workload identity; `metadata` says where the service is, `setting` is the prefix of the settings. */
  | {
      readonly kind: 'identity';
      readonly setting: string;
      readonly clientId?: string;
      readonly metadata: Readonly<Record<string, string>>;
    };

/** A further parameter that goes through a TriggerAuthentication: from a setting, or a text made of one. */
export type ScalerParameter =
  | { readonly name: string; readonly setting: string }
  | { readonly name: string; readonly value: Secret };

/** One trigger of a ScaledObject, without its sign-in. */
export interface Scaler {
  readonly type: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly connection?: Connection;
  readonly parameters?: readonly ScalerParameter[];
}

/** What a scaler is made from. */
export interface ScalerContext {
  readonly binding: Binding;
  readonly host: HostJson;
  readonly config: FunctionConfig;
  readonly settings: Settings;
  /** Name of the function; some services keep its progress under it. */
  readonly functionName?: string;
  /** Version of KEDA, undefined when it is not known. */
  readonly keda?: string | undefined;
  /** Collects a fault at the function's place. */
  readonly fault: (message: string) => void;
  /** Says something that the user should know about this function; `ofScaler` only when it gets a scaler. */
  readonly notice?: (message: string, options?: { readonly ofScaler: boolean }) => void;
  /** Holds one replica, for a reason that completes "keeps one replica running: …"; `provisional` until KEDA's version is known. */
  readonly keepOne?: (reason: string, options?: { readonly provisional: boolean }) => void;
}
