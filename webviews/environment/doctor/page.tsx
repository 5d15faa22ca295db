import type { ReactElement } from 'react';
import type { DoctorCheck, DoctorSection, DoctorState } from '../../../src/core/protocol/doctor.ts';
import { Button } from '../../shared/controls.ts';
import { Icon } from '../../shared/icon.tsx';

export interface PageProps {
  readonly state: DoctorState;
  readonly onRecheck: () => void;
  readonly onCopy: () => void;
  readonly onAct: (id: string) => void;
}

export function Page({ state, onRecheck, onCopy, onAct }: PageProps): ReactElement {
  const { isChecking, sections } = state;
  return (
    <main className="doctor" aria-busy={isChecking}>
      <header>
        <h1>Doctor</h1>
        <p className="hint" role="status">
          {summary(state)}
        </p>
        <div className="buttons">
          <Button appearance="primary" isDisabled={isChecking} onClick={onRecheck} testId="recheck">
            {isChecking ? 'Checking…' : 'Check Again'}
          </Button>
          <Button isDisabled={sections.length === 0} onClick={onCopy} testId="copy">
            Copy as Text
          </Button>
        </div>
      </header>
      {sections.map((section) => (
        <Section key={section.title} section={section} isChecking={isChecking} onAct={onAct} />
      ))}
    </main>
  );
}

function summary({ isChecking, sections }: DoctorState): string {
  if (sections.length === 0) return isChecking ? 'Looking at your machine, editor and cluster…' : '';
  const checks = sections.flatMap((section) => section.checks);
  const count = (level: DoctorCheck['level']): number => checks.filter((one) => one.level === level).length;
  const bad = count('bad');
  const warnings = count('warning');
  const said = [
    bad === 0 ? 'Nothing is broken' : bad === 1 ? '1 thing to repair' : `${bad} things to repair`,
    ...(warnings === 0 ? [] : [warnings === 1 ? '1 hint' : `${warnings} hints`]),
    `${count('good')} of ${checks.length} are good`,
  ];
  return `${said.join(', ')}.`;
}

interface SectionProps {
  readonly section: DoctorSection;
  readonly isChecking: boolean;
  readonly onAct: (id: string) => void;
}

function Section({ section, isChecking, onAct }: SectionProps): ReactElement {
  return (
    <section aria-label={section.title}>
      <h2>{section.title}</h2>
      <ul>
        {section.checks.map((check) => (
          <Check key={check.id} check={check} isChecking={isChecking} onAct={onAct} />
        ))}
      </ul>
    </section>
  );
}

const marks = {
  good: { icon: 'pass-filled', word: 'Good' },
  warning: { icon: 'info', word: 'Hint' },
  bad: { icon: 'error', word: 'Bad' },
} as const;

interface CheckProps {
  readonly check: DoctorCheck;
  readonly isChecking: boolean;
  readonly onAct: (id: string) => void;
}

function Check({ check, isChecking, onAct }: CheckProps): ReactElement {
  const { id, name, level, message, fix, action } = check;
  const { icon, word } = marks[level];
  return (
    <li className={`check ${level}`} data-testid={`check-${id}`}>
      <span className="mark">
        <Icon name={icon} />
        <span className="screen-reader-only">{word}: </span>
      </span>
      <div className="grow">
        <span className="name">{name}</span>
        <span className="said">{message}</span>
        {fix === undefined ? null : <p className="fix">{fix}</p>}
      </div>
      {action === undefined ? null : (
        <Button isDisabled={isChecking} onClick={() => onAct(id)} testId={`act-${id}`}>
          {action}
        </Button>
      )}
    </li>
  );
}
