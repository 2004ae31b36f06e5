import type { Logger } from '../../src/core/logger';

const ignore = () => undefined;

/** For measuring: what is logged is not printed. */
export const quietLog: Logger = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
