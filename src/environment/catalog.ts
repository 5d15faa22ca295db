/** Every environment there is to choose from: the embedded cluster and each context of the kubeconfig. Knows no vscode. */
import { existsSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { KubeconfigContext } from '../clients/kubernetes/kubeconfig.ts';
import type { Disposable } from '../core/base/disposable.ts';
import { Emitter } from '../core/base/event.ts';
import { ContextEnvironment, contextId, type ContextOptions } from './contextEnvironment.ts';
import type { Environment } from './environment.ts';

export const EMBEDDED_ID = 'embedded';

export interface Choice {
  readonly id: string;
  readonly label: string;
  readonly kind: 'embedded' | 'kind' | 'context';
  /** Address of the API server, or why it can't be chosen. */
  readonly detail: string;
  /** The kubeconfig's own current context. */
  readonly isKubectlCurrent: boolean;
}

export interface CatalogOptions extends Omit<ContextOptions, 'context'> {
  readonly embedded: () => Environment;
}

export class EnvironmentCatalog implements Disposable {
  readonly #options: CatalogOptions;
  readonly #changed = new Emitter<void>();
  /** A kubeconfig file was written. */
  readonly onDidChange = this.#changed.event;
  readonly #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CatalogOptions) {
    this.#options = options;
    this.watch();
  }

  /** Never touches the network. Rejects with `kubeconfigUnreadable` when a file is no kubeconfig. */
  async contexts(): Promise<readonly Choice[]> {
    const paths = this.#options.paths();
    // Without a file nothing is loaded.
    if (!paths.some((path) => existsSync(path))) return [];
    const { contextsOf, loadKubeconfig } = await import('../clients/kubernetes/kubeconfig.ts');
    return contextsOf(loadKubeconfig(paths)).map((context) => ({
      id: contextId(context.name),
      label: context.name,
      kind: isKind(context) ? 'kind' : 'context',
      detail: context.server ?? 'Its cluster is not in the kubeconfig',
      isKubectlCurrent: context.isCurrent,
    }));
  }

  get embedded(): Choice {
    return {
      id: EMBEDDED_ID,
      label: 'Embedded cluster',
      kind: 'embedded',
      detail: 'On this machine, without Docker',
      isKubectlCurrent: false,
    };
  }

  /** The caller owns it. An id of a context that is gone gives an environment that says so. */
  open(id: string): Environment {
    const { embedded, ...options } = this.#options;
    const prefix = contextId('');
    return id.startsWith(prefix)
      ? new ContextEnvironment({ ...options, context: id.slice(prefix.length) })
      : embedded();
  }

  /** Watches the kubeconfig files anew: the setting names others now. */
  watch(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close();
    for (const path of this.#options.paths()) {
      const folder = dirname(path);
      if (!existsSync(folder)) continue;
      // The folder, not the file: kubectl and others replace the file by rename.
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null || name === basename(path)) this.#changeSoon();
      });
      watcher.on('error', () => watcher.close());
      this.#watchers.push(watcher);
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) watcher.close();
    this.#changed.dispose();
  }

  /** A file is written in several steps. */
  #changeSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#changed.fire(), 200);
  }
}

/** As `kind create cluster` names it. */
function isKind({ name }: KubeconfigContext): boolean {
  return name.startsWith('kind-');
}
