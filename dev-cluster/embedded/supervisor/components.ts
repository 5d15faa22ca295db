/** The components of the embedded cluster: each area's, one after the other. Their order says nothing but in lists. */
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { binaryComponents } from '../binaries/components.ts';
import { controlPlaneComponents } from '../control-plane/components.ts';
import { gatewayComponents } from '../gateway/components.ts';
import { kfpComponents } from '../kfp/components.ts';
import { nodeAgentComponents } from '../node-agent/components.ts';
import { pythonComponents } from '../python/components.ts';
import { serviceComponents } from '../services/components.ts';
import { spotMarketComponents } from '../spot-market/components.ts';
import type { Component } from './component.ts';

const all: readonly Component[] = [
  ...kfpComponents,
  ...pythonComponents,
  ...controlPlaneComponents,
  ...gatewayComponents,
  ...nodeAgentComponents,
  ...spotMarketComponents,
  ...serviceComponents,
  ...binaryComponents,
];

/** All, or what `$SLIPWAY_COMPONENTS` names, e.g. `kfp,mlflow`, with all that those depend on: for small machines. */
export const components: readonly Component[] = chosen(process.env['SLIPWAY_COMPONENTS'] ?? '');

function chosen(names: string): readonly Component[] {
  const wanted = new Set<string>();
  const add = (name: string): void => {
    const component = all.find((one) => one.name === name);
    if (component === undefined)
      throw new SlipwayError('noComponent', `SLIPWAY_COMPONENTS names ${name}, which is no component.`, {
        action: `Choose from ${all.map((one) => one.name).join(', ')}.`,
      });
    if (wanted.has(name)) return;
    wanted.add(name);
    for (const dependency of component.dependsOn) add(dependency);
  };
  for (const name of names.split(',').filter((one) => one.trim() !== '')) add(name.trim());
  return wanted.size === 0 ? all : all.filter(({ name }) => wanted.has(name));
}
