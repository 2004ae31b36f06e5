import * as z from 'zod';

/** The machines that there are servers for. */
const platformSchema = z.enum(['linux/amd64', 'linux/arm64']);
type Platform = z.infer<typeof platformSchema>;

/** For which machines images are made: targets of all kinds say it alike. */
export const platformFields = {
  platform: platformSchema
    .optional()
    .describe(
      'The machines that images are made for: "linux/amd64" or "linux/arm64". Default: those of the base image that the engine has.',
    ),
  platforms: z
    .array(platformSchema)
    .min(1)
    .refine((platforms) => new Set(platforms).size === platforms.length, 'Each may stand here once')
    .optional()
    .describe(
      'Instead of platform: several kinds of machines. One image is made for each, and pushed under an index of all of them.',
    ),
};

interface PlatformFields {
  platform?: Platform;
  platforms?: Platform[];
}

/** The one way to see both fields: undefined when neither stands there. */
export function platformsOf({ platform, platforms }: PlatformFields): Platform[] | undefined {
  return platform ? [platform] : platforms;
}

export const notBoth = 'Only one of "platform" and "platforms" can be';
/** Whether the fields agree with each other; else {@link notBoth} says why not. */
export function areNotBoth({ platform, platforms }: PlatformFields): boolean {
  return !(platform && platforms);
}
