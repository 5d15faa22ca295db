// Packs what esbuild.mjs built into dist/slipway.vsix; .vscodeignore says what goes in.
import { createVSIX } from '@vscode/vsce';

await createVSIX({
  packagePath: 'dist/slipway.vsix',
  // Everything is bundled.
  dependencies: false,
  // The README's pictures are in the repository, which has no public address yet.
  rewriteRelativeLinks: false,
});
