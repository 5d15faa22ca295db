import { onlyNearMiss } from './fixes.ts';
import type { Executor, Placeholder, Problem, Task } from './model.ts';
import type { ComponentInterface, ValidationContext } from './validationContext.ts';
import { quote } from './yamlReader.ts';

/**
 * The placeholders of a component's executor against its inputs and outputs. What a task passes beyond them may be
 * read too: that is how resources get values at run time.
 */
export function validatePlaceholders(
  context: ValidationContext,
  component: ComponentInterface,
  executor: Executor,
  uses: readonly Task[],
  path: string | undefined,
): void {
  const names: Names = {
    'inputs.parameters': new Set([
      ...component.inputParameters.keys(),
      ...uses.flatMap((task) => task.inputs.parameters.map(({ name }) => name)),
    ]),
    'inputs.artifacts': new Set([
      ...component.inputArtifacts.keys(),
      ...uses.flatMap((task) => task.inputs.artifacts.map(({ name }) => name)),
    ]),
    'outputs.parameters': new Set(component.outputParameters.keys()),
    'outputs.artifacts': new Set(component.outputArtifacts.keys()),
  };
  if (executor.kind === 'importer' && executor.artifactUri.kind === 'input') {
    const { name } = executor.artifactUri;
    if (names['inputs.parameters'].has(name)) return;
    const message = `The importer ${quote(executor.label)} reads the input ${quote(name)}, which ${quote(component.component.name)} does not have.`;
    context.report('bad-placeholder', message, executor.range, path);
  }
  if (executor.kind !== 'container') return;
  for (const placeholder of executor.placeholders) {
    const message = wrongIn(placeholder, names, component.component.name);
    if (message === undefined) continue;
    context.report('bad-placeholder', message, placeholder.range, path, fixFor(context, placeholder, names));
  }
}

type Place = 'inputs.parameters' | 'inputs.artifacts' | 'outputs.parameters' | 'outputs.artifacts';
type Names = Readonly<Record<Place, ReadonlySet<string>>>;

/** Only these two begin a placeholder of ours: `{{$.Values}}` and the like belong to someone else. */
const ours = /^\{\{\$\.(?:inputs|outputs)\b/;
const whole = /^\{\{\$\.(?:inputs|outputs(?:\.output_file)?)\}\}$/;
const named =
  /^\{\{\$\.(?<place>(?:inputs|outputs)\.(?:parameters|artifacts))\[(?<quote>\\?['"])(?<name>.*?)\k<quote>\](?<rest>.*)\}\}$/;

function wrongIn({ text }: Placeholder, names: Names, componentName: string): string | undefined {
  if (!ours.test(text) || whole.test(text)) return undefined;
  const parts = split(text);
  if (parts === undefined) return `${text} is not a placeholder that KFP knows.`;
  if (names[parts.place].has(parts.name)) return undefined;
  const [direction = '', kind = ''] = parts.place.split('.');
  const what = `${direction.slice(0, -1)} ${kind.slice(0, -1)}`;
  return `The component ${quote(componentName)} has no ${what} ${quote(parts.name)}.`;
}

function split(text: string): { readonly place: Place; readonly name: string } | undefined {
  const groups = named.exec(text)?.groups;
  const place = groups?.['place'];
  switch (place) {
    case 'inputs.parameters':
    case 'inputs.artifacts':
    case 'outputs.parameters':
    case 'outputs.artifacts':
      return { place, name: groups?.['name'] ?? '' };
    default:
      return undefined;
  }
}

/** Only the name is replaced, and only where the source has it letter by letter. */
function fixFor(context: ValidationContext, { text, range }: Placeholder, names: Names): Problem['fix'] {
  const parts = split(text);
  if (parts === undefined) return undefined;
  const near = onlyNearMiss(parts.name, names[parts.place]);
  const at = context.text.slice(range.start, range.end).indexOf(parts.name);
  if (near === undefined || at === -1 || !/^[\w.-]+$/.test(near)) return undefined;
  const start = range.start + at;
  return {
    title: `Change to '${near}'`,
    edits: [{ range: { start, end: start + parts.name.length }, text: near }],
  };
}
