/** The controls of our pages. Nothing else knows which library they come from. */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeRadio,
  vsCodeRadioGroup,
  type Button,
  type Checkbox,
  type RadioGroup,
} from '@vscode/webview-ui-toolkit';
import { element, icon } from './dom';
import './kit.css';

provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeCheckbox(), vsCodeRadio(), vsCodeRadioGroup());

export interface ButtonControl {
  readonly node: HTMLElement;
  set(face: { label: string; icon: string }): void;
}

/** A button with an icon, which can change what it says. */
export function button(face: { label: string; icon: string }, onPress: () => void): ButtonControl {
  const node = document.createElement('vscode-button') as Button;
  node.appearance = 'secondary';
  const set = ({ label, icon: name }: typeof face) => {
    const image = icon(name);
    image.slot = 'start';
    node.replaceChildren(image, label);
  };
  set(face);
  node.addEventListener('click', onPress);
  return { node, set };
}

/** A button that looks like a link, for what opens something. */
export function link(onPress: () => void): HTMLButtonElement {
  const node = element('button', { type: 'button', class: 'link' });
  node.addEventListener('click', onPress);
  return node;
}

/** A box to tick. */
export function checkbox(label: string, checked: boolean, onChange: (checked: boolean) => void): HTMLElement {
  const node = document.createElement('vscode-checkbox') as Checkbox;
  node.append(label);
  node.checked = checked;
  node.addEventListener('change', () => onChange(node.checked));
  return node;
}

export interface Choice<T extends string> {
  value: T;
  label: string;
}

/** One of a few values, all in sight. */
export function choice<T extends string>(
  label: string,
  choices: readonly Choice<T>[],
  chosen: T,
  onChange: (value: T) => void,
): HTMLElement {
  const node = document.createElement('vscode-radio-group') as RadioGroup;
  node.setAttribute('aria-label', label);
  node.append(
    element('label', { slot: 'label' }, label),
    ...choices.map((entry) => {
      const radio = document.createElement('vscode-radio');
      radio.setAttribute('value', entry.value);
      radio.append(entry.label);
      return radio;
    }),
  );
  node.value = chosen;
  node.addEventListener('change', () => {
    const picked = choices.find(({ value }) => value === node.value);
    if (picked) onChange(picked.value);
  });
  return node;
}
