import { describe, expect, test } from 'vitest';
import { readSignature } from '../../../src/core/ir/pythonSignature.ts';

/** What the SDK makes of signatures is compared in sdkSignatures.test.ts. */
describe('readSignature', () => {
  test('inputs, outputs and defaults, with strings and comments that look like code', () => {
    const source = `
def helper(x): return x

def train(
    data: Input[Dataset],  # (not, a: bracket
    model: Output[Model],
    text: str = "a, b = ')'",
    rates: List[float] = [0.1, .5],
    table: Dict[str, int] = {"a": 1},
    note: Optional[str] = None,
) -> NamedTuple("Outputs", [("rows", int), ("name", str)]):
    return 1
`;
    expect(readSignature(source)).toEqual({
      kind: 'signature',
      functionName: 'train',
      inputs: [
        { name: 'data', kind: 'artifact', type: 'system.Dataset' },
        { name: 'text', kind: 'parameter', type: 'STRING', isOptional: true, defaultValue: "a, b = ')'" },
        { name: 'rates', kind: 'parameter', type: 'LIST', isOptional: true, defaultValue: [0.1, 0.5] },
        { name: 'table', kind: 'parameter', type: 'STRUCT', isOptional: true, defaultValue: { a: 1 } },
        { name: 'note', kind: 'parameter', type: 'STRING', isOptional: true },
      ],
      outputs: [
        { name: 'model', kind: 'artifact', type: 'system.Model' },
        { name: 'rows', kind: 'parameter', type: 'NUMBER_INTEGER' },
        { name: 'name', kind: 'parameter', type: 'STRING' },
      ],
    });
  });

  test('the function that is meant, not the helper behind it', () => {
    const source = 'def step(a: int): pass\ndef other(b: str): pass\n';
    expect(readSignature(source, 'step')).toMatchObject({ functionName: 'step' });
    expect(readSignature(source)).toMatchObject({ functionName: 'other' });
  });

  test.each([
    ['def f(a): pass', /`a` needs a type/],
    ['def f(a: Frame): pass', /type `Frame`/],
    ['def f(a: int = compute()): pass', /must be written out/],
    ['def f(*args: int): pass', /by its name/],
    ['def f(a: Input[Model] = "x"): pass', /default None/],
    ['def f(a: int', /never closed/],
    ['x = 1', /no function/],
    ['"""\ndef f(a: int): pass\n"""', /no function/],
    ['def f(a: List[Model]): pass', /list of artifacts/],
  ])('%s is refused with the reason', (source, reason) => {
    const read = readSignature(source);
    expect(read.kind === 'refused' && read.reason).toMatch(reason);
  });
});
