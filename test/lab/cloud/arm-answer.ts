/** An answer of the Resource Manager. */
export interface ArmAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that is refused, with the service's own words. */
export class ArmRefusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  /** AKS answers some requests without the `error` around. */
  readonly bare: boolean;

  constructor(
    status: number,
    code: string,
    message: string,
    { headers = {}, bare = false }: { headers?: Readonly<Record<string, string>>; bare?: boolean } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
    this.bare = bare;
  }

  /** The refusal as it is sent. */
  answer(): ArmAnswer {
    const { status, code, message, headers } = this;
    const body = this.bare ? { code, details: null, message, subcode: '' } : { error: { code, message } };
    return { status, body, headers };
  }
}

/** What a name does not lead to. */
export function resourceNotFound(kind: string, name: string, resourceGroup: string): ArmRefusal {
  const text = `The Resource '${kind}/${name}' under resource group '${resourceGroup}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`;
  return new ArmRefusal(404, 'ResourceNotFound', text);
}

/** A body that is not what the service takes. */
export function badRequest(message: string): ArmRefusal {
  return new ArmRefusal(400, 'BadRequest', message);
}
