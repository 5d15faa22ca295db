/**
 * Every form control of every webview. The toolkit is sunset upstream: this is the one file that changes when it must
 * be replaced. Custom elements are used directly; React 19 sets their properties and hears their events.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeTextArea,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import {
  createElement,
  useEffect,
  useRef,
  type ReactElement,
  type ReactNode,
  type SyntheticEvent,
} from 'react';

provideVSCodeDesignSystem().register(
  vsCodeButton(),
  vsCodeCheckbox(),
  vsCodeDropdown(),
  vsCodeOption(),
  vsCodeTextArea(),
  vsCodeTextField(),
);

interface Common {
  /** Spoken name; needed where no visible label is tied to the control. */
  readonly label?: string | undefined;
  readonly testId?: string | undefined;
  readonly isDisabled?: boolean | undefined;
  readonly describedBy?: string | undefined;
}

function common(props: Common): Record<string, unknown> {
  return {
    'aria-label': props.label,
    'data-testid': props.testId,
    'aria-describedby': props.describedBy,
    disabled: props.isDisabled === true,
  };
}

/** The toolkit's fields and boxes name themselves when they enter the page, whatever they were called. */
function spoken(label: string | undefined): (element: HTMLElement | null) => void {
  return (element) => {
    if (label !== undefined) element?.setAttribute('aria-label', label);
  };
}

interface HasValue {
  readonly value: string;
}

export interface ButtonProps extends Common {
  readonly appearance?: 'primary' | 'secondary' | 'icon';
  readonly onClick: () => void;
  readonly title?: string;
  /** Of a button that switches something on and off. */
  readonly isPressed?: boolean | undefined;
  readonly children?: ReactNode;
}

export function Button(props: ButtonProps): ReactElement {
  return createElement<Record<string, unknown>>(
    'vscode-button',
    {
      ...common(props),
      appearance: props.appearance ?? 'secondary',
      title: props.title ?? props.label,
      'aria-pressed': props.isPressed,
      onClick: props.onClick,
    },
    props.children,
  );
}

export interface TextFieldProps extends Common {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly placeholder?: string | undefined;
  readonly isInvalid?: boolean;
  readonly hasFocus?: boolean;
  /** More than one line, in the editor's font. */
  readonly rows?: number;
}

export function TextField(props: TextFieldProps): ReactElement {
  const isArea = props.rows !== undefined;
  return createElement<Record<string, unknown>>(isArea ? 'vscode-text-area' : 'vscode-text-field', {
    ...common(props),
    ref: spoken(props.label),
    class: props.isInvalid === true ? 'invalid' : undefined,
    value: props.value,
    placeholder: props.placeholder ?? '',
    autofocus: props.hasFocus === true,
    rows: props.rows,
    resize: isArea ? 'vertical' : undefined,
    spellcheck: false,
    onInput: (event: SyntheticEvent<HTMLElement & HasValue>) => props.onInput(event.currentTarget.value),
  });
}

export interface CheckboxProps extends Common {
  readonly isChecked: boolean;
  readonly onChange: (isChecked: boolean) => void;
  readonly children: ReactNode;
}

export function Checkbox(props: CheckboxProps): ReactElement {
  return createElement<Record<string, unknown>>(
    'vscode-checkbox',
    {
      ...common(props),
      ref: spoken(props.label),
      checked: props.isChecked,
      onChange: (event: SyntheticEvent<HTMLElement & { readonly checked: boolean }>) =>
        props.onChange(event.currentTarget.checked),
    },
    props.children,
  );
}

export interface DropdownProps extends Common {
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly onChange: (value: string) => void;
}

export function Dropdown(props: DropdownProps): ReactElement {
  const element = useRef<(HTMLElement & { value: string }) | null>(null);
  const { value, options } = props;
  useEffect(() => {
    // The element forgets a value set before its options are slotted, which happens in a later task.
    const apply = (): void => {
      if (element.current !== null && element.current.value !== value) element.current.value = value;
    };
    apply();
    const frame = requestAnimationFrame(apply);
    return () => cancelAnimationFrame(frame);
  }, [value, options]);
  return createElement<Record<string, unknown>>(
    'vscode-dropdown',
    {
      ...common(props),
      ref: element,
      onChange: (event: SyntheticEvent<HTMLElement & HasValue>) => {
        // Also fired when the value is set from here.
        if (event.currentTarget.value !== value) props.onChange(event.currentTarget.value);
      },
    },
    options.map((option) =>
      createElement<Record<string, unknown>>(
        'vscode-option',
        // A new element for a new label: the dropdown shows the text that an option had when it was chosen.
        {
          key: `${option.value} ${option.label}`,
          value: option.value,
          selected: option.value === value,
        },
        option.label,
      ),
    ),
  );
}
