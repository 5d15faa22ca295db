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

  /** Opens a file of the folder by Quick Open, as text, and is in it. */
  async openFile(path: string): Promise<void> {
    const name = basename(path);
    // Not one of those that are listed before anything is typed: they may open as what they were last.
    const found = this.#page.locator('.quick-input-list:not(:has([aria-label$="recently opened"]))');
    await this.#quickly('Control+P', path, found.locator(this.#choice(name)).first());
    await this.#shown(this.tab(name));
  }

  /** By its palette title, e.g. `Slipway: Run Pipeline`. */
  async runCommand(title: string): Promise<void> {
    await this.#quickly(
      'F1',
      `>${title}`,
      this.#page.locator('.quick-input-list').locator(this.#choice(title)),
    );
  }

  /** The box at the top, in which something is asked. */
  get quickInput(): Locator {
    return this.#page.locator('.quick-input-widget input[type="text"]');
  }

  /** Answers what the box asks. */
  async answer(text: string): Promise<void> {
    await this.quickInput.fill(text);
    await this.quickInput.press('Enter');
    await this.quickInput.waitFor({ state: 'hidden' });
  }

  /** Something to choose in the box, by part of what it says. */
  choice(text: string): Locator {
    return this.#page.locator('.quick-input-list .monaco-list-row').filter({ hasText: text });
  }

  #choice(label: string): Locator {
    const name = this.#page.locator('.label-name').filter({ hasText: exactly(label) });
    return this.#page.locator('.monaco-list-row').filter({ has: name });
  }

  /** Opens the box by its keys, types, and chooses; what comes after finds the box closed, or asking something else. */
  async #quickly(chord: string, text: string, choice: Locator): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#page.keyboard.press(chord);
        await this.quickInput.waitFor({ timeout: 5_000 });
        await this.quickInput.fill(text, { timeout: 5_000 });
        await choice.click({ timeout: 15_000 });
        await choice.waitFor({ state: 'hidden', timeout: 15_000 });
        return;
      } catch (error) {
        // The first keys of a session come before the keybindings, and a webview that opens takes the focus.
        if (tries === 5) throw error;
      }
    }
  }

  /** By its label, e.g. `Light 2026`. */
  async chooseTheme(theme: string): Promise<void> {
    await this.runCommand('Preferences: Color Theme');
    await this.quickInput.fill(theme);
    const row = this.#page.locator('.quick-input-list .monaco-list-row.focused');
    await row.filter({ hasText: theme }).waitFor();
    await this.quickInput.press('Enter');
    await row.waitFor({ state: 'hidden' });
  }

  /** Shows what is open already; a text has the focus then. */
  async showTab(name: string | RegExp): Promise<void> {
    const tab = this.tab(name);
    await tab.click();
    await this.#shown(tab);
  }

  async #shown(tab: Locator): Promise<void> {
    const shown = tab.and(this.#page.locator('[aria-selected="true"]')).first();
    await shown.waitFor();
    const name = (await shown.textContent()) ?? '';
    if (/\.(py|ya?ml)\s*$/.test(name)) await this.focusedText.waitFor();
  }

  /** The text editor that keys go to. */
  get focusedText(): Locator {
    return this.#page.locator('.editor-instance .monaco-editor.focused');
  }

  /** In the text that has the focus, or had it last. */
  async goTo(line: number, column = 1): Promise<void> {
    const place = `Ln ${line}, Col ${column}`;
    for (let tries = 1; ; tries++) {
      await this.#page.keyboard.press('Control+G');
      await this.answer(`:${line}:${column}`);
      try {
        await this.statusBarItem(new RegExp(`^${place}\\b`)).waitFor({ timeout: 10_000 });
        break;
      } catch (error) {
        if (tries === 3) throw error;
      }
    }
    await this.focusedText.waitFor();
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

  tab(name: string | RegExp): Locator {
    const hasText = typeof name === 'string' ? exactly(name) : name;
    return this.#page.locator('.tabs-container [role="tab"]').filter({ hasText });
  }

  /** Tabs with changes that are not saved. */
  dirtyTabs(): Promise<number> {
    return this.#page.locator('.tabs-container .tab.dirty').count();
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

  /**
   * Clicks on a button that a row, or a header, has only while the pointer is on it. `opens`: what it brings, where a
   * second click does no harm.
   */
  async hoverAction(row: Locator, title: string, opens?: Locator): Promise<void> {
    const button = this.action(row, title);
    for (let tries = 1; ; tries++) {
      await row.hover();
      try {
        await button.click({ timeout: 5_000 });
        await opens?.waitFor({ timeout: 15_000 });
        return;
      } catch (error) {
        // A row of a live tree that was drawn anew, or has moved away from the pointer.
        if (tries === 6) throw error;
      }
    }
  }

  /** Chooses from a row's context menu. By keyboard, because a click on a menu that has just appeared is lost. */
  async contextMenu(row: Locator, item: string): Promise<void> {
    const menu = this.#page.locator('.context-view .monaco-menu');
    const entry = menu.locator('.action-menu-item').filter({ hasText: item });
    const focused = menu.locator('.action-item.focused').filter({ hasText: item });
    for (let tries = 1; ; tries++) {
      await row.click({ button: 'right' });
      try {
        await entry.hover({ timeout: 10_000 });
        await focused.waitFor({ timeout: 10_000 });
        break;
      } catch (error) {
        // The menu of a row that was just being drawn anew; or one that has the focus elsewhere.
        if (tries === 3) throw error;
        await this.#page.keyboard.press('Escape');
      }
    }
    await this.#page.keyboard.press('Enter');
    await menu.waitFor({ state: 'hidden' });
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
