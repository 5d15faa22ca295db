import { allSteps, UnsayableError, type Pipeline } from './program.ts';
import { isIdentifier, literal, pyValue, type Written } from './pythonText.ts';
import type { Types } from './types.ts';

/** The parameters of a pipeline's function, those without a default first. */
export function parametersOf(
  { component: { inputs }, steps }: Pipeline,
  types: Types,
): readonly { readonly value: Written }[] {
  const loops = [...allSteps(steps)].filter((step) => step.kind === 'loop');
  const all: { text: string; isOptional: boolean }[] = [];
  const named = (name: string): string => {
    if (isIdentifier(name)) return name;
    throw new UnsayableError(`The input ${name} is no name in Python: rename it.`);
  };
  for (const { name, type, defaultValue, isOptional } of inputs.parameters) {
    const loop = loops.find(({ items }) => items.kind === 'input' && items.name === name);
    const item = loop?.kind === 'loop' ? loop.itemType : undefined;
    const annotation = types.parameter(type, type === 'LIST' ? item : undefined);
    if (!isOptional && defaultValue === undefined) {
      all.push({ text: `${named(name)}: ${annotation}`, isOptional: false });
      continue;
    }
    const whole = defaultValue === undefined ? types.optional(annotation) : annotation;
    const value = pyValue(defaultValue ?? null, '    ', 60, { isFloat: type === 'NUMBER_DOUBLE' });
    all.push({ text: `${named(name)}: ${whole} = ${value}`, isOptional: true });
  }
  for (const { name, type, isList, isOptional } of inputs.artifacts) {
    types.dsl.add('Input');
    const annotation = `Input[${types.artifact(type, isList)}]`;
    const text = isOptional ? `${types.optional(annotation)} = None` : annotation;
    all.push({ text: `${named(name)}: ${text}`, isOptional });
  }
  return [...all.filter((one) => !one.isOptional), ...all.filter((one) => one.isOptional)].map(
    ({ text }) => ({
      value: literal(text),
    }),
  );
}
