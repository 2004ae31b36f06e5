import type { Way } from './ask';
import type { Case } from './cases';
import { tryCase } from './tryCase';
import type { Outcome, Outcomes } from './tryCase';

export const ways: Way[] = ['JSON', 'binary'];
const atOnce = 2;

/** What the runtime itself makes of a case, by its name: "pass", "fail", or any other word where it does not run. */
export type Plain = Record<string, string>;

/** A case in one way. */
export interface Tried extends Outcome {
  name: string;
  way: Way;
}

/** What came of cases; a case may stand in several lists. */
export interface Verdict {
  all: Tried[];
  /** Passes plainly, and not through the server. */
  lost: Tried[];
  /** A wrong answer that the runtime itself does not give. */
  wrong: Tried[];
  ended: Tried[];
  /** A wrong answer that the runtime itself gives. */
  known: Tried[];
}

/** Tries all cases, and tells how many it has tried. */
export async function tryCases(
  cases: Case[],
  tried: (count: number) => void = () => undefined,
): Promise<Map<string, Outcomes>> {
  const outcomes = new Map<string, Outcomes>();
  const left = [...cases];
  const work = async () => {
    for (let one = left.shift(); one; one = left.shift()) {
      outcomes.set(one.name, await tryCase(one));
      tried(outcomes.size);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return outcomes;
}

export function judge(outcomes: Map<string, Outcomes>, plain: Plain): Verdict {
  const all = [...outcomes]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, outcome]) => ways.map((way) => ({ name, way, ...outcome[way] })));
  const asRuntime = (name: string) => plain[name] === 'fail';
  const wrong = all.filter(({ result }) => result === 'wrong');
  return {
    all,
    lost: all.filter(({ name, result }) => plain[name] === 'pass' && result !== 'passed'),
    wrong: wrong.filter(({ name }) => !asRuntime(name)),
    ended: all.filter(({ result }) => result === 'ended'),
    known: wrong.filter(({ name }) => asRuntime(name)),
  };
}

/** Whether it is as it should be; nothing tried is not. */
export function isGood({ all, lost, wrong, ended }: Verdict): boolean {
  return all.length > 0 && lost.length + wrong.length + ended.length === 0;
}
