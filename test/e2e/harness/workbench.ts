/** The parts of VS Code's window that tests use, by what a person sees. Text matches are exact: has-text ignores case. */
import { basename } from 'node:path';
import type { Locator, Page } from 'playwright-core';

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const exactly = (text: string): RegExp => new RegExp(`^\\s*${escaped(text)}\\s*$`);

export class Workbench {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async waitUntilReady(): Promise<void> {
    await this.#page.locator('.monaco-workbench').waitFor();
    await this.#page.locator('.part.statusbar').waitFor();
  }

  /** Opens a file of the folder by Quick Open, as text. */
  async openFile(path: string): Promise<void> {
    await this.#quickInput('Control+P', path);
    await this.#page
      .locator('.quick-input-list .monaco-list-row')
      .filter({ hasText: basename(path) })
      .first()
      .waitFor();
    await this.#page.keyboard.press('Enter');
    await this.tab(basename(path)).waitFor();
  }

  /** By its palette title, e.g. `Slipway: Run Pipeline`. */
  async runCommand(title: string): Promise<void> {
    const label = this.#page.locator('.label-name').filter({ hasText: exactly(title) });
    const row = this.#page.locator('.quick-input-list .monaco-list-row').filter({ has: label });
    for (let tries = 1; ; tries++) {
      await this.#quickInput('F1', `>${title}`);
      try {
        await row.click({ timeout: 15_000 });
        return;
      } catch (error) {
        // A webview that opens meanwhile takes the focus, and the palette is gone.
        if (tries === 3) throw error;
      }
    }
  }

  async #quickInput(chord: string, text: string): Promise<void> {
    const input = this.#page.locator('.quick-input-widget input[type="text"]');
    // The first key presses of a session may come before the keybindings are in place.
    await this.#page.keyboard.press(chord);
    await input.waitFor({ timeout: 3_000 }).catch(() => this.#page.keyboard.press(chord));
    await input.waitFor();
    await input.fill(text);
  }

  /** By its label, e.g. `Light 2026`. */
  async chooseTheme(theme: string): Promise<void> {
    await this.runCommand('Preferences: Color Theme');
    await this.#page.locator('.quick-input-widget input[type="text"]').fill(theme);
    const row = this.#page.locator('.quick-input-list .monaco-list-row.focused');
    await row.filter({ hasText: theme }).waitFor();
    await this.#page.keyboard.press('Enter');
    await row.waitFor({ state: 'hidden' });
  }

  /** Drags the edge of the side bar. */
  async widenSideBar(pixels: number): Promise<void> {
    const box = await this.#page.locator('.part.sidebar').boundingBox();
    if (box === null) throw new Error('The side bar is not shown.');
    const [edge, middle] = [box.x + box.width, box.y + box.height / 2];
    await this.#page.mouse.move(edge, middle);
    await this.#page.mouse.down();
    await this.#page.mouse.move(edge + pixels, middle, { steps: 8 });
    await this.#page.mouse.up();
  }

  tab(name: string): Locator {
    return this.#page.locator('.tabs-container [role="tab"]').filter({ hasText: exactly(name) });
  }

  /** Shows a view container by the title of its activity bar icon. */
  async openViewContainer(title: string): Promise<void> {
    // The whole item, because a badge lies over its icon.
    const item = this.action(this.#page.locator('.activitybar'), title).locator('xpath=..');
    // A container with one view is headed `Container: View`.
    const heading = this.#page
      .locator('.sidebar .composite.title h2')
      .filter({ hasText: new RegExp(`^${escaped(title)}(:|$)`) });
    await item.waitFor();
    // A window that comes up may open its side bar by itself after the look and before the click, which then closes it.
    for (let tries = 0; tries < 5 && !(await heading.isVisible()); tries += 1) {
      if ((await item.getAttribute('aria-expanded')) !== 'true') await item.click();
      await heading.waitFor({ timeout: 5_000 }).catch(() => undefined);
    }
    await heading.waitFor();
  }

  /** A row of a tree in the side bar, by its visible label. */
  treeItem(label: string): Locator {
    return this.#page
      .locator('.sidebar .monaco-list-row')
      .filter({ has: this.#page.locator('.label-name').filter({ hasText: exactly(label) }) });
  }

  /** An icon button by its tooltip, which goes on with the keybinding in brackets or with what its badge says. */
  action(scope: Locator, title: string): Locator {
    const labels = [`="${title}"`, `^="${title} ("`, `^="${title} - "`].map(
      (label) => `[aria-label${label}]`,
    );
    return scope.locator(`.action-label:is(${labels.join(', ')})`);
  }

  /** Chooses from a row's context menu. By keyboard, because a click on a menu that has just appeared is lost. */
  async contextMenu(row: Locator, item: string): Promise<void> {
    await row.click({ button: 'right' });
    const menu = this.#page.locator('.context-view .monaco-menu');
    const entry = menu.locator('.action-menu-item').filter({ hasText: item });
    await entry.waitFor();
    await entry.hover();
    await this.#page.locator('.monaco-menu .action-item.focused').filter({ hasText: item }).waitFor();
    await this.#page.keyboard.press('Enter');
  }

  notification(text: string | RegExp): Locator {
    return this.#page.locator('.notification-toast').filter({ hasText: text });
  }

  statusBarItem(text: string | RegExp): Locator {
    return this.#page.locator('.part.statusbar .statusbar-item').filter({ hasText: text });
  }

  /** The question VS Code asks about a folder it does not know. */
  trustDialog(): Locator {
    return this.#page.locator('.monaco-dialog-box').filter({ hasText: /trust the authors/i });
  }

  async distrustFolder(): Promise<void> {
    await this.trustDialog()
      .getByRole('button', { name: /^No, I don't trust/ })
      .click();
    await this.trustDialog().waitFor({ state: 'detached' });
  }

  async trustFolder(): Promise<void> {
    await this.trustDialog()
      .getByRole('button', { name: /^Yes, I trust/ })
      .click();
    await this.trustDialog().waitFor({ state: 'detached' });
  }
}
