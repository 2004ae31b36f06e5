/** The stream can not be followed any further. */
export class BrokenPickle extends Error {
  constructor(
    message: string,
    readonly offset: number,
    /** Whether it only ends too early. */
    readonly truncated = false,
  ) {
    super(message);
  }
}

/** The file has more than is looked into. */
export class LimitReached extends Error {}
