/** The bytes are no protobuf, end too early or are too many; the message says which. */
export class WireError extends Error {}
