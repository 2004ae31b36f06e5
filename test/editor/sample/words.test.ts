import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { Tensor } from '../../../src/core/inference/tensor';
import { compare } from '../../../src/core/sample/compare';
import { outputText, verdictLine } from '../../../src/editor/sample/describeVerdict';
import { diffTexts } from '../../../src/editor/sample/diffTexts';
import type { Verdict } from '../../../src/editor/sample/outcome';
import { smallestEdit } from '../../../src/editor/sample/textRanges';

const tolerance = { rtol: 1e-3, atol: 1e-7 };

function floats(name: string, shape: number[], ...values: number[]): Tensor {
  return { name, datatype: 'FP32', shape, data: Float32Array.from(values) };
}

function verdict(change: Partial<Verdict>): Verdict {
  const outputs = [floats('p', [1, 2], 0.25, 0.1)];
  return { kind: 'pass', outputs, milliseconds: 1.24, mismatches: [], stale: false, ...change };
}

describe('words about a result', () => {
  it('name the sign, the time and the outputs, a batch of one as the one', () => {
    assert.equal(verdictLine(verdict({})), '✓ 1.2 ms · p [0.25, 0.1]');
    assert.equal(
      verdictLine(verdict({ kind: 'done', where: 'staging/iris/3' })),
      '→ on staging/iris/3 · 1.2 ms · p [0.25, 0.1]',
    );
    assert.equal(verdictLine(verdict({ stale: true })), '✓ before the change · 1.2 ms · p [0.25, 0.1]');
  });

  it('give the first line of an error', () => {
    const error = { message: 'It took too long.\nand more' };
    assert.equal(verdictLine(verdict({ kind: 'error', error })), '⚠ It took too long.');
  });

  it('count how many values are not as expected', () => {
    const mismatches = compare({ p: [[0.5, 0.1]] }, [floats('p', [1, 2], 0.25, 0.1)], tolerance);
    assert.match(verdictLine(verdict({ kind: 'fail', mismatches })), /^✗ 1 value not as expected/);
  });

  it('keep an output with a million values short, in the line and in the hover', () => {
    const huge: Tensor = { name: 'y', datatype: 'FP32', shape: [1000, 1000], data: new Float32Array(1e6) };
    assert.ok(verdictLine(verdict({ outputs: [huge] })).length < 120);
    assert.ok(outputText(huge).length < 20_000);
    assert.match(outputText(huge), /2000 of 1000000 values/);
  });

  it('show only values beyond the tolerance as different', () => {
    const outputs = [floats('p', [2, 2], 0.1, 0.2, 0.3, 0.4)];
    const expected = [
      [0.10001, 0.2],
      [0.9, 0.4],
    ];
    const { expected: left, actual: right } = diffTexts(
      expected,
      'p',
      outputs,
      compare({ p: expected }, outputs, tolerance),
    );
    assert.equal(right, left.replace('0.9', '0.3'));
  });

  it('show an output that is not there as such', () => {
    const { actual } = diffTexts([1], 'q', [], []);
    assert.match(actual, /no output “q”/);
  });
});

describe('an edit to a new text', () => {
  it('leaves alone what is the same at both ends', async () => {
    const document = await vscode.workspace.openTextDocument({ content: 'aXXb aXXb' });
    const edit = smallestEdit(document, 'aXXb aYXXb');
    assert.equal(edit.newText, 'Y');
    assert.ok(edit.range.isEmpty);
    const same = smallestEdit(document, 'aXXb aXXb');
    assert.equal(same.newText, '');
    assert.ok(same.range.isEmpty);
  });

  it('keeps both halves of a character together', async () => {
    const changes = [
      // The first halves are the same, then the second ones, then the character is gone or new.
      ['["\u{1F600}"]', '["\u{1F601}"]'],
      ['["\u{1F600}"]', '["\u{1FA00}"]'],
      ['["\u{1F600}\u{1F601}"]', '["\u{1F601}"]'],
      ['["\u{1F600}"]', '["\u{1F600}\u{1FA00}"]'],
    ] as const;
    for (const [old, text] of changes) {
      const document = await vscode.workspace.openTextDocument({ content: old });
      const edit = new vscode.WorkspaceEdit();
      edit.set(document.uri, [smallestEdit(document, text)]);
      await vscode.workspace.applyEdit(edit);
      assert.equal(document.getText(), text);
    }
  });
});
