/** What scipy's distributions make themselves of text in their state. */
const distributions = /^scipy\.stats\b/;

const names = new Set(['types.CodeType', 'types.CellType', 'new.code']);

/** Whether the name is one by which code itself is stored in a pickle, and not only the name of code. */
export function carriesCode(module: string, name: string): boolean {
  if (/^(cloudpickle|dill|loky\.cloudpickle|joblib\.externals\.cloudpickle)(\.|$)/.test(module)) return true;
  return names.has(`${module}.${name}`) || distributions.test(module);
}
