import { Disposable, EventEmitter, type FileChangeEvent, type FileSystemProvider, type Uri } from 'vscode';

/** Registered with the editor at its start; the real one is made by the first call. */
export function lazyFileSystem(load: () => FileSystemProvider): FileSystemProvider {
  const changed = new EventEmitter<FileChangeEvent[]>();
  let loaded: FileSystemProvider | undefined;
  const real = (): FileSystemProvider => {
    if (loaded === undefined) {
      loaded = load();
      loaded.onDidChangeFile((events) => changed.fire(events));
    }
    return loaded;
  };
  return {
    onDidChangeFile: changed.event,
    // Nothing changes before something was read.
    watch: (uri, options) => loaded?.watch(uri, options) ?? new Disposable(() => undefined),
    stat: (uri) => real().stat(uri),
    readDirectory: (uri) => real().readDirectory(uri),
    createDirectory: (uri) => real().createDirectory(uri),
    readFile: (uri) => real().readFile(uri),
    writeFile: (uri: Uri, content, options) => real().writeFile(uri, content, options),
    delete: (uri, options) => real().delete(uri, options),
    rename: (from, to, options) => real().rename(from, to, options),
  };
}
