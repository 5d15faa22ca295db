/**
 * VS Code gives a webview the focus as a whole, e.g. when it reveals the panel, and the page forgets where it was. Here
 * it goes back there; when that element is gone, to `home`.
 */
let last: HTMLElement | undefined;

export function keepFocus(home: () => HTMLElement | null): void {
  document.addEventListener('focusin', ({ target }) => {
    if (target instanceof HTMLElement) last = target;
  });
  window.addEventListener('focus', () => {
    if (document.activeElement !== document.body) return;
    focus(last?.isConnected === true ? last : home());
  });
}

/** After a change of the page that may have taken the focused element away, e.g. a button that has done its work. */
export function rescueFocus(home: () => HTMLElement | null): void {
  const isLost = last?.isConnected === false && document.activeElement === document.body;
  if (isLost && document.hasFocus()) focus(home());
}

function focus(element: HTMLElement | null): void {
  element?.focus({ preventScroll: true });
}
