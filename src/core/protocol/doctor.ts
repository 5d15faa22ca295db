/** What the doctor's panel (src/environment/doctorPanel.ts) and its webview (webviews/environment/doctor.tsx) say to each other. */
import { z } from 'zod';
import type { ParamParsers } from './rpc.ts';

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

const params = {
  recheck: z.object({}),
  copy: z.object({}),
  act: z.object({ id: z.string() }),
};

type Empty = Record<string, never>;

/** A type, not an interface: the rpc's constraint needs its implicit index signature. */
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- see above
export type DoctorContract = {
  readonly state: DoctorState;
  readonly requests: {
    readonly recheck: { readonly params: Empty; readonly result: null };
    readonly copy: { readonly params: Empty; readonly result: null };
    readonly act: { readonly params: { readonly id: string }; readonly result: null };
  };
};

export const doctorParsers: ParamParsers<DoctorContract> = params;

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
