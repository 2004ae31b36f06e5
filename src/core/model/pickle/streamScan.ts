import { ByteInput, sourceOf, type ByteSource } from './byteInput';
import { startsLikePickle } from './constantHandlers';
import { most, type Limits } from './limits';
import { PickleMachine, type MachineOptions, type ScanContext } from './machine';
import type { PickleImport } from './pickleScan';
import { Report } from './report';
import { BrokenPickle, LimitReached } from './scanErrors';
import type { Value } from './values';
import { isPlainName } from './verdict';

/** What one stream of pickles holds. */
export interface StreamResult {
  report: Report;
  root: Value | undefined;
  /** Whether it is a pickle at all. */
  isPickle: boolean;
}

/**
 * Scans all pickles of a stream, as the loaders of pickle and of joblib would read it.
 * @param open gives the stream from its start; called a second time where the two loaders read different things
 */
export async function scanStream(
  open: () => ByteSource,
  limits: Limits,
  member?: string,
): Promise<StreamResult> {
  const result = await scanOnce(open, limits, { joblib: true, depth: 0 }, member);
  if (!result.report.hasJoblibArrays || result.report.imports.size >= most.imports) return result;
  const plain = await scanOnce(open, limits, { joblib: false, depth: 0 }, member);
  result.report.mergeDangers(plain.report);
  return result;
}

async function scanOnce(
  open: () => ByteSource,
  limits: Limits,
  options: MachineOptions,
  member?: string,
): Promise<StreamResult> {
  const report = new Report(member);
  const result: StreamResult = { report, root: undefined, isPickle: false };
  const source = open();
  const input = new ByteInput(source, limits);
  const context: ScanContext = { limits, scanNested: scanNested };
  let count = 0;
  let machine: PickleMachine | undefined;
  try {
    while (await input.want(1)) {
      machine = new PickleMachine(input, report, context, options);
      const value = await machine.run();
      if (count++ === 0) result.root = value;
      result.isPickle = true;
      if (count === 2) {
        const message =
          'More than one pickle stands in it, one after the other; a loader may read only the first.';
        report.find('warning', 'several-pickles', message, machine.start);
      }
    }
  } catch (error) {
    noteFailure(error, report, machine, count);
    result.isPickle ||= machine?.protocol !== undefined || [...report.imports.values()].some(looksMeant);
  } finally {
    await source.close?.();
  }
  return result;
}

/** Whether it is an import at all, and not a line of some text that begins like one. */
function looksMeant({ module, name, verdict }: PickleImport): boolean {
  return verdict === 'dangerous' || (isPlainName(module) && isPlainName(name));
}

function noteFailure(
  error: unknown,
  report: Report,
  machine: PickleMachine | undefined,
  count: number,
): void {
  if (error instanceof LimitReached) {
    report.complete = false;
    report.find('danger', 'limit', `It is not looked into any further: ${error.message}.`, machine?.offset);
    return;
  }
  if (!(error instanceof BrokenPickle)) throw error;
  const { offset, message } = error;
  const first = machine?.start ?? 0;
  if (count > 0 && machine?.protocol === undefined && !importsAfter(report, first)) {
    report.find('warning', 'trailing-data', 'Something that is no pickle follows after its end.', first);
    return;
  }
  report.complete = false;
  if (error.truncated) report.find('warning', 'truncated', `It is not whole: ${message}.`, offset);
  else report.find('danger', 'broken', `It can not be followed any further: ${message}.`, offset);
}

function importsAfter(report: Report, offset: number): boolean {
  return [...report.imports.values()].some((entry) => entry.offset >= offset);
}

/** Scans bytes that stand in a pickle, and takes over what is found if they are a pickle. */
async function scanNested(bytes: Buffer, machine: PickleMachine, offset: number): Promise<void> {
  const depth = machine.options.depth + 1;
  if (depth > most.depth)
    throw new LimitReached(`it has pickles within pickles, more than ${most.depth} deep`);
  const { context, report } = machine;
  const nested = new Report(report.member);
  const input = new ByteInput(sourceOf(bytes), context.limits);
  let whole = false;
  try {
    await new PickleMachine(input, nested, context, { joblib: false, depth }).run();
    whole = startsLikePickle(bytes) || !(await input.want(1));
  } catch (error) {
    if (!(error instanceof BrokenPickle)) throw error;
  }
  const imports = [...nested.imports.values()];
  const shows = imports.some(({ verdict }) => verdict !== 'unknown');
  const counts = imports.length > 0 || startsLikePickle(bytes);
  if (!(whole && counts) && !shows) return;
  report.find(
    'warning',
    'nested-pickle',
    'It holds another pickle as bytes, which code in it may load.',
    offset,
  );
  const { protocol } = report;
  report.merge(nested, offset);
  report.protocol = protocol;
}
