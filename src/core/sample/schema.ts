import * as z from 'zod';
import type { JsonValue } from '../inference/tensor';

const values = z
  .custom<JsonValue>((value) => value !== undefined)
  .describe(
    'The values of one tensor: nested arrays as its shape says, or one flat array in row-major order.',
  );

const tolerance = z.number().nonnegative().optional();

/** One sample as it stands in a samples file. */
export const sampleSchema = z
  .strictObject({
    name: z.string().min(1).describe('What this sample is an example of.'),
    inputs: z.record(z.string(), values).describe("The model's inputs by name."),
    expected: z
      .record(z.string(), values)
      .optional()
      .describe('The outputs that are expected, by name. Outputs that are not named here are not compared.'),
    rtol: tolerance.describe(
      'Relative tolerance of floats: |actual − expected| may be atol + rtol × |expected|. Default 1e-3.',
    ),
    atol: tolerance.describe(
      'Absolute tolerance; for integers the only one: they are the same unless this is 1 or more. Default 1e-7.',
    ),
  })
  .describe('Inputs with a name and, optionally, the outputs that are expected for them.');

/** A `NAME.samples.json` file. */
export const samplesSchema = z
  .strictObject({
    $schema: z.string().optional().describe('The JSON schema that describes this file.'),
    model: z
      .string()
      .optional()
      .describe(
        'The model file, relative to this file. Default: NAME.onnx beside NAME.samples.json. Deploys and tests of another model refuse these samples.',
      ),
    samples: z
      .array(sampleSchema)
      .describe('Each is a test of the model, and part of the proof before it is promoted.'),
  })
  .meta({ title: 'Slipway samples' });
