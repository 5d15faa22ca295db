const isMac = navigator.platform.startsWith('Mac');

const NAMES: Readonly<Record<string, string>> = {
  up: '↑',
  down: '↓',
  left: '←',
  right: '→',
  '=': '+',
  'shift+/': '?',
};

/** A key of package.json as people read it: `ctrl+d` is Ctrl+D, and ⌘D on a Mac. */
export function keyText(key: string): string {
  const named = NAMES[key];
  if (named !== undefined) return named;
  const parts = key.split('+').map((part) => NAMES[part] ?? capital(part));
  return isMac ? parts.join('').replace('Ctrl', '⌘').replace('Shift', '⇧') : parts.join('+');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
