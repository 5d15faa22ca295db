import { ProgressLocation, window } from 'vscode';

export interface ProgressReport {
  readonly message: string;
  /** 0 to 1, of the whole; absent: no bar. */
  readonly fraction?: number | undefined;
}

/** Shows a notification with Cancel while `work` runs; Cancel aborts the signal. */
export async function withCancellableProgress<T>(
  title: string,
  work: (report: (progress: ProgressReport) => void, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return window.withProgress(
    { location: ProgressLocation.Notification, title, cancellable: true },
    async (progress, token) => {
      const abort = new AbortController();
      const onCancel = token.onCancellationRequested(() => abort.abort());
      let shown = 0;
      try {
        return await work(({ message, fraction }) => {
          const percent = fraction === undefined ? shown : Math.max(shown, Math.round(fraction * 100));
          progress.report({ message, increment: percent - shown });
          shown = percent;
        }, abort.signal);
      } finally {
        onCancel.dispose();
      }
    },
  );
}
