import { EventEmitter, type ProviderResult, type TreeDataProvider, type TreeItem } from 'vscode';

/**
 * A TreeDataProvider that is loaded when its view first asks. The view exists from activation on, so that VS Code never
 * says "no data provider"; until `load` resolves it shows its own progress bar.
 */
export class LazyTree<T> implements TreeDataProvider<T> {
  // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- the type is VS Code's own
  readonly #changed = new EventEmitter<T | T[] | undefined | null | void>();
  #loading: Promise<TreeDataProvider<T>> | undefined;
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #load: () => Promise<TreeDataProvider<T>>;
  #provider: TreeDataProvider<T> | undefined;

  constructor(load: () => Promise<TreeDataProvider<T>>) {
    this.#load = load;
  }

  async getChildren(element?: T): Promise<T[]> {
    const provider = await this.#ready();
    return (await provider.getChildren(element)) ?? [];
  }

  getTreeItem(element: T): TreeItem | Thenable<TreeItem> {
    if (this.#provider === undefined) throw new Error('a row cannot exist before its provider');
    return this.#provider.getTreeItem(element);
  }

  getParent(element: T): ProviderResult<T> {
    return this.#provider?.getParent?.(element);
  }

  resolveTreeItem(
    ...args: Parameters<NonNullable<TreeDataProvider<T>['resolveTreeItem']>>
  ): ProviderResult<TreeItem> {
    return this.#provider?.resolveTreeItem?.(...args);
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #ready(): Promise<TreeDataProvider<T>> {
    this.#loading ??= this.#load().then((provider) => {
      this.#provider = provider;
      provider.onDidChangeTreeData?.((element) => this.#changed.fire(element));
      return provider;
    });
    return this.#loading;
  }
}
