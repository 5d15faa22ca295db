/**
 * The parts of client-node that Slipway uses as values. A bundle of its own (dist/kubernetes.js, esbuild.mjs), because
 * it takes 100 ms to load: it is read when the first cluster is asked, never with the editor. Types may be imported
 * from anywhere.
 */
export { Exec, KubeConfig, PortForward } from '@kubernetes/client-node';
