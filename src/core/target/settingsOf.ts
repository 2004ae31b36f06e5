/** A target's settings that a release was made with. They are read from where others may write: what is no JSON object is left out. */
export function settingsOf({ settings }: { settings?: string }): Record<string, unknown> {
  try {
    const read: unknown = JSON.parse(settings ?? '{}');
    return isGroup(read) ? read : {};
  } catch {
    return {};
  }
}

export function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
