import * as z from 'zod';

/** The machines that there are servers for. */
export const platformSchema = z
  .enum(['linux/amd64', 'linux/arm64'])
  .describe('The machines that images must be for: nothing is built for others. Default: any.');
