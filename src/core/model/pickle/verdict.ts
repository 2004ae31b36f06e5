import { isAllowed } from './allowedNames';
import { carriesCode } from './carriesCode';
import { knownDanger } from './dangerousNames';
import type { ImportVerdict } from './pickleScan';
import { isKnownModule } from './knownPackages';
import { nameFound, python3Name } from './python2Names';

/** How much is known of what the import does to whoever loads it. */
export function verdictOf(module: string, name: string, protocol = 0): ImportVerdict {
  // Where there is no danger in what a known module does when it is imported.
  if (name === '' && isKnownModule(module, protocol) && !knownDanger(module, name)) return 'allowed';
  if (isPlainName(module) && isAllowed(...nameFound(module, name, protocol))) return 'allowed';
  const [realModule, realName] = python3Name(module, name);
  if (carriesCode(module, name) && !isLoader(module, name)) return 'unknown';
  return knownDanger(module, name) || knownDanger(realModule, realName) ? 'dangerous' : 'unknown';
}

/** What a dangerous import can do, in words that follow "can". */
export function dangerOf(module: string, name: string): string {
  return knownDanger(module, name) ?? knownDanger(...python3Name(module, name)) ?? 'do anything';
}

/** Whether it is a name as code has: letters, digits and underscores with dots between. */
export function isPlainName(name: string): boolean {
  return /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(name) && name.length <= 300;
}

/** Text of a file as it can be shown: short, and with nothing in it that looks like something else. */
export function quoted(text: string): string {
  const short = text.length > 120 ? `${text.slice(0, 120)}…` : text;
  const plain = short.replace(/[^\x20-\x7e…]/gu, (letter) => `\\u{${letter.codePointAt(0)?.toString(16)}}`);
  return `\`${plain}\``;
}

/** Those of a module that carries code which load or import something else. */
function isLoader(module: string, name: string): boolean {
  return /(^|\.)(loads?\w*|dynamic_subimport|_import_module|_eval_repr)$/.test(name) || /\./.test(name);
}
