import { refuse } from './refusal.ts';

const install = 'python3 -m pip install --quiet --no-warn-script-location';

/** A lightweight component's command that installs these packages before it runs, as the SDK writes it. */
export function withPackages(command: readonly string[], packages: readonly string[]): readonly string[] {
  const at = command.findIndex((text) => text.includes('pip install'));
  const script = command[at];
  const kfp = /python3 -m pip install [^\n&]*'--no-deps'[^\n&]*/.exec(script ?? '');
  if (script === undefined || kfp === null) {
    refuse('This component installs its packages in a way of its own: change its command instead.');
  }
  const before = script.slice(0, kfp.index);
  const [, options = ''] =
    /no-warn-script-location((?: --(?:extra-)?index-url \S+| --trusted-host \S+)*) /.exec(kfp[0]) ?? [];
  const start = before.lastIndexOf('PIP_DISABLE_PIP_VERSION_CHECK=1 ');
  if (start === -1)
    refuse('This component installs its packages in a way of its own: change its command instead.');
  const head = before.slice(0, start) + 'PIP_DISABLE_PIP_VERSION_CHECK=1 ';
  const quoted = packages.map((one) => {
    if (/['\n]/.test(one)) refuse(`'${one}' is no requirement of pip.`);
    return `'${one}'`;
  });
  const user = quoted.length === 0 ? '' : `${install}${options} ${quoted.join(' ')}  &&  `;
  return command.map((text, i) => (i === at ? head + user + script.slice(kfp.index) : text));
}
