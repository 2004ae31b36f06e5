/**
 * An address as people may read it: without the password, and the name before it, that it may hold. Only of `ssh://` the name stays, by
 * which one is let in.
 */
export function shownAddress(address: string): string {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)$/is.exec(address) ?? [];
  if (/^(unix|npipe|context):/i.test(scheme)) return address;
  // A password that is not written as it should be may hold what ends the name of a host.
  const who = /^([^/?#]*)@/.exec(rest)?.[0] ?? (URL.canParse(address) ? '' : (/^.*@/s.exec(rest)?.[0] ?? ''));
  const name = /^ssh:/i.test(scheme) ? /^[^:@]+/.exec(who)?.[0] : undefined;
  return scheme + (name === undefined ? '' : `${name}@`) + rest.slice(who.length);
}

/** Whether an address holds a password. */
export function hasPassword(address: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#@]*:[^@]*@/i.test(address);
}

/** What another program wrote, without what looks like a secret. */
export function withoutSecrets(words: string): string {
  return [
    /-----BEGIN [A-Z ]+-----[^]*?(-----END [A-Z ]+-----|$)/g,
    /\bey[\w-]+\.[\w-]+\.[\w-]*/g,
    /(?<=:\/\/)[^\s/@]+(?=@)/g,
    /(?<=\b(?:bearer|basic)\s+)\S+/gi,
    /(?<=(?:token|secret|password|passwd|key)["']?\s*[:=]\s*)\S+/gi,
    /\b(?=\w*\d)[\w=-]{40,}/g,
  ].reduce((shown, secret) => shown.replace(secret, '…'), words);
}
