/** The components of the embedded cluster: each area's, one after the other. Their order says nothing but in lists. */
import { controlPlaneComponents } from '../control-plane/components.ts';
import { gatewayComponents } from '../gateway/components.ts';
import { kfpComponents } from '../kfp/components.ts';
import { nodeAgentComponents } from '../node-agent/components.ts';
import { pythonComponents } from '../python/components.ts';
import { serviceComponents } from '../services/components.ts';
import { spotMarketComponents } from '../spot-market/components.ts';
import type { Component } from './component.ts';

export const components: readonly Component[] = [
  ...kfpComponents,
  ...pythonComponents,
  ...controlPlaneComponents,
  ...gatewayComponents,
  ...nodeAgentComponents,
  ...spotMarketComponents,
  ...serviceComponents,
];
