import type { ComponentDefinition } from './gesture.ts';

const sdk = '2.17.0';

const install = `
if ! [ -x "$(command -v pip)" ]; then
    python3 -m ensurepip || python3 -m ensurepip --user || apt-get install python3-pip
fi

PIP_DISABLE_PIP_VERSION_CHECK=1 python3 -m pip install --quiet --no-warn-script-location 'kfp==${sdk}' '--no-deps' 'typing-extensions>=3.7.4,<5; python_version<"3.9"' && "$0" "$@"
`;

const gap = ' '.repeat(25);
const launch = `program_path=$(mktemp -d)

printf "%s" "$0" > "$program_path/ephemeral_component.py"
_KFP_RUNTIME=true python3 -m kfp.dsl.executor_main${gap}--component_module_path${gap}"$program_path/ephemeral_component.py"${gap}"$@"
`;

/** A lightweight component around a function that does nothing yet, word by word as the SDK compiles it. */
export function blankComponent(name: string): ComponentDefinition {
  const functionName = toFunctionName(name);
  const key = functionName.replaceAll('_', '-').replaceAll(/-+/g, '-').replaceAll(/^-|-$/g, '');
  const source = `
import kfp
from kfp import dsl
from kfp.dsl import *
from typing import *

def ${functionName}() -> str:
    return "hello"

`;
  return {
    name: `comp-${key}`,
    component: {
      executorLabel: `exec-${key}`,
      outputDefinitions: { parameters: { Output: { parameterType: 'STRING' } } },
    },
    executors: {
      [`exec-${key}`]: {
        container: {
          args: ['--executor_input', '{{$}}', '--function_to_execute', functionName],
          command: ['sh', '-c', install, 'sh', '-ec', launch, source],
          image: 'python:3.11',
        },
      },
    },
  };
}

const keywords = new Set(
  (
    'false none true and as assert async await break class continue def del elif else except finally for from global ' +
    'if import in is lambda nonlocal not or pass raise return try while with yield'
  ).split(' '),
);

function toFunctionName(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
  if (plain === '') return 'step';
  return /^\d/.test(plain) || keywords.has(plain) ? `step_${plain}` : plain;
}
