/** A refusal, as the API server words it. */
export class ApiFailure extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
    readonly details: object = {},
  ) {
    super(message);
  }

  /** The object of the kind `Status` that is answered. */
  toStatus(): object {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      details: this.details,
      code: this.status,
    };
  }
}

export function notFound(plural: string, group: string, name: string): ApiFailure {
  const resource = group === '' ? plural : `${plural}.${group}`;
  return new ApiFailure(404, 'NotFound', `${resource} "${name}" not found`, { name, kind: plural });
}

export function invalid(kind: string, name: string, causes: string[]): ApiFailure {
  return new ApiFailure(422, 'Invalid', `${kind} "${name}" is invalid: ${causes.join(', ')}`, { name, kind });
}
