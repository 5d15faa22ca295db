/**
 * Log text made safe for a terminal: colours (SGR) stay, every other control sequence goes. A program's output must
 * not move the cursor, set titles, write to the clipboard or make links in a terminal that people trust.
 */
type State = 'text' | 'escape' | 'escapeIntermediate' | 'csi' | 'string' | 'stringEscape';

const esc = '\u001b';
/** Characters that may not simply be passed on. */
const special = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;
/** Longer control sequences are not colours. */
const maxSequence = 64;

export class TerminalText {
  #state: State = 'text';
  #sequence = '';
  #lastWasReturn = false;

  /** Sequences may be split over chunks; line feeds come back as CR LF, as terminals want them. */
  push(chunk: string): string {
    let out = '';
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === 'text') {
        // Almost all of a log is plain text: it is passed on in runs.
        special.lastIndex = at;
        const end = special.exec(chunk)?.index ?? chunk.length;
        if (end > at) {
          out += chunk.slice(at, end);
          this.#lastWasReturn = false;
          at = end;
          continue;
        }
      }
      const char = String.fromCodePoint(chunk.codePointAt(at) ?? 0);
      out += this.#step(char);
      at += char.length;
    }
    return out;
  }

  #step(char: string): string {
    switch (this.#state) {
      case 'text':
        return this.#text(char);
      case 'escape':
        return this.#escape(char);
      case 'escapeIntermediate':
        if (char === esc) this.#state = 'escape';
        else if (char < ' ' || char > '/') this.#state = 'text';
        return '';
      case 'csi':
        return this.#csi(char);
      case 'string':
        if (char === esc) this.#state = 'stringEscape';
        // A line break ends it too: an unfinished sequence must not swallow the rest of the log.
        else if (char === '\u0007' || char === '\u009c' || char === '\u0018' || char === '\u001a')
          this.#state = 'text';
        else if (char === '\n') {
          this.#state = 'text';
          return this.#text(char);
        }
        return '';
      case 'stringEscape':
        this.#state = 'text';
        return char === '\\' ? '' : this.#escape(char);
    }
  }

  #text(char: string): string {
    const wasReturn = this.#lastWasReturn;
    this.#lastWasReturn = char === '\r';
    if (char === '\n') return wasReturn ? '\n' : '\r\n';
    if (char === '\t' || char === '\r') return char;
    if (char === esc) this.#state = 'escape';
    else if (char === '\u009b') this.#startCsi();
    else if (
      char === '\u009d' ||
      char === '\u0090' ||
      char === '\u0098' ||
      char === '\u009e' ||
      char === '\u009f'
    )
      this.#state = 'string';
    return isControl(char) ? '' : char;
  }

  #escape(char: string): string {
    this.#state = 'text';
    if (char === '[') this.#startCsi();
    else if (char === ']' || char === 'P' || char === 'X' || char === '^' || char === '_')
      this.#state = 'string';
    else if (char === esc) this.#state = 'escape';
    else if (char >= ' ' && char <= '/') this.#state = 'escapeIntermediate';
    else if (char === '\n') return this.#text(char);
    return '';
  }

  #startCsi(): void {
    this.#state = 'csi';
    this.#sequence = '';
  }

  #csi(char: string): string {
    if (char === esc) {
      this.#state = 'escape';
      return '';
    }
    if (char === '\n') {
      this.#state = 'text';
      return this.#text(char);
    }
    if (char < ' ' || char > '~') {
      this.#state = 'text';
      return '';
    }
    if (char < '@') {
      // What is too long to be a colour is read on to its end, and dropped.
      if (this.#sequence.length <= maxSequence) this.#sequence += char;
      return '';
    }
    this.#state = 'text';
    const isColour = char === 'm' && this.#sequence.length <= maxSequence && /^[\d;:]*$/.test(this.#sequence);
    return isColour ? `${esc}[${this.#sequence}m` : '';
  }
}

function isControl(char: string): boolean {
  return char < ' ' || (char >= '\u007f' && char <= '\u009f');
}
