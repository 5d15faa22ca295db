// esbuild bundles these beside the script.
declare module '*.css';
