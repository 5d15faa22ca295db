/** The components of the embedded cluster: each area's, one after the other. Their order says nothing but in lists. */
import { kfpComponents } from '../kfp/components.ts';
import { pythonComponents } from '../python/components.ts';
import type { Component } from './component.ts';

export const components: readonly Component[] = [...kfpComponents, ...pythonComponents];
