import * as z from 'zod';

const percent = z.number().gt(0).lt(100);
const seconds = z.number().positive().max(3600);

const canarySchema = z
  .strictObject({
    steps: z
      .array(percent)
      .min(1)
      .refine((steps) => steps.every((step, index) => index === 0 || step > (steps[index - 1] ?? 0)), {
        message: 'Each step takes more than the one before it',
      })
      .describe('Percent of the traffic that the new release gets, step by step: [5, 25, 50].'),
    watchSeconds: seconds.default(30).describe('How long each step is watched, in seconds. Default 30.'),
    maxErrorRate: z
      .number()
      .min(0)
      .max(1)
      .default(0.01)
      .describe('The share of its requests that may fail: 0.01 (default) is one in a hundred.'),
    maxSlower: z
      .number()
      .min(1)
      .default(2)
      .describe('How many times as long as before 95 of 100 answers may take. Default 2.'),
  })
  .describe('A new release gets its traffic in steps, and is taken back when it fails or is slow.');

const loadSchema = z
  .strictObject({
    seconds: seconds.default(5).describe('How long, in seconds. Default 5.'),
    connections: z
      .number()
      .int()
      .min(1)
      .max(256)
      .default(4)
      .describe('How many predictions are asked for at the same time. Default 4.'),
    maxP95Ms: z.number().positive().describe('How long 95 of 100 answers may take at most, in milliseconds.'),
  })
  .describe('A load, made of the samples, that a new release has to bear before it gets traffic.');

/** What targets of all kinds have in common: how a release comes to its traffic. */
export const rolloutFields = {
  canary: canarySchema.optional(),
  load: loadSchema.optional(),
  confirm: z
    .boolean()
    .optional()
    .describe('Shows what a deploy would change, and asks before it begins. Default: no.'),
};
