/** What the doctor's panel (src/environment/doctorPanel.ts) and its webview (webviews/environment/doctor.tsx) say to each other. */
import { z } from 'zod';
import type { ContractOf } from './rpc.ts';

export interface DoctorCheck {
  /** Unique on the page. */
  readonly id: string;
  readonly name: string;
  /** `warning`: Slipway works, less of it. */
  readonly level: 'good' | 'warning' | 'bad';
  readonly message: string;
  /** What to do about it, in words. */
  readonly fix: string | undefined;
  /** Label of the button that does it. */
  readonly action: string | undefined;
}

export interface DoctorSection {
  readonly title: string;
  readonly checks: readonly DoctorCheck[];
}

export interface DoctorState {
  readonly isChecking: boolean;
  readonly sections: readonly DoctorSection[];
}

export const doctorParsers = {
  recheck: z.object({}),
  copy: z.object({}),
  act: z.object({ id: z.string() }),
};

export type DoctorContract = ContractOf<
  DoctorState,
  typeof doctorParsers,
  { readonly recheck: null; readonly copy: null; readonly act: null }
>;

/** The page as plain text, for an issue or a colleague. */
export function doctorText(sections: readonly DoctorSection[]): string {
  const marks = { good: 'ok  ', warning: 'warn', bad: 'BAD ' };
  return sections
    .map(({ title, checks }) =>
      [
        title,
        ...checks.map(({ name, level, message, fix }) =>
          [`  ${marks[level]} ${name}: ${message}`, ...(fix === undefined ? [] : [`       ${fix}`])].join(
            '\n',
          ),
        ),
      ].join('\n'),
    )
    .join('\n\n');
}
