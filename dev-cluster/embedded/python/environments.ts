/** A Python interpreter with a known set of packages, in the cache outside the repository. */
export interface PythonEnvironment {
  /** Absolute path of the interpreter. */
  readonly python: string;
  /** Of the lock, the packages and the Python version: two equal hashes are the same environment. */
  readonly hash: string;
}

export interface PythonEnvironmentSource {
  /** The locked kfp environment. Made on first call (seconds), then at once. */
  kfp(signal: AbortSignal): Promise<PythonEnvironment>;
  /** The kfp environment plus pip requirements, cached by hash. Nothing is ever installed into an existing one. */
  withPackages(
    packages: readonly string[],
    options: { readonly indexUrls: readonly string[]; readonly signal: AbortSignal },
  ): Promise<PythonEnvironment>;
}
