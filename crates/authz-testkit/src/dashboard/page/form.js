// Labelled form fields. An error of the server goes beside the field that it names.

import { el } from './dom.js';

/** A label, an input with an id, a hint, and a place for the error of the member `name`. */
export function field(name, label, input, hint) {
  const { id } = input;
  input.setAttribute('aria-describedby', [hint && `${id}-hint`, `${id}-error`].filter(Boolean).join(' '));
  return el('div', { class: 'field', 'data-field': name },
    el('label', { for: id }, label), input,
    hint && el('p', { class: 'hint', id: `${id}-hint` }, hint),
    errorPlace(`${id}-error`));
}

export function group(name, legend, id, hint, ...children) {
  return el('fieldset', { id, 'data-field': name, 'aria-describedby': `${id}-error` },
    el('legend', {}, legend), hint && el('p', { class: 'hint' }, hint), children, errorPlace(`${id}-error`));
}

export const formError = (id) => el('p', { class: 'form-error error', id, role: 'alert' });

const errorPlace = (id) => el('p', { class: 'error', id, role: 'alert' });

export const input = (id, value, properties = {}) =>
  el('input', { id, type: 'text', autocomplete: 'off', spellcheck: 'false', value: value ?? '', ...properties });

/** A `select` of `[value, label]` pairs. */
export function select(id, options, value, properties = {}) {
  const node = el('select', { id, ...properties }, options.map(([key, label]) => el('option', { value: key }, label)));
  node.value = value;
  if (node.selectedIndex < 0) node.selectedIndex = 0;
  return node;
}

/** One checkbox or radio button per `{value, label, about}`. */
export function choices(type, name, options, chosen) {
  return el('div', { class: 'choices' }, options.map(({ value, label, about, disabled }, index) => {
    const id = `${name}-${index}`;
    return el('div', { class: 'choice' },
      el('input', {
        type, id, name, value, disabled, checked: chosen.includes(value), 'data-value': value,
        'aria-describedby': about && `${id}-about`,
      }),
      el('div', {}, el('label', { for: id }, label), about && el('span', { class: 'hint', id: `${id}-about` }, about)));
  }));
}

export const checked = (root, name) =>
  [...root.querySelectorAll(`input[name="${CSS.escape(name)}"]:checked`)].map((box) => box.value);

export const words = (text) => text.split(/[\s,]+/).filter(Boolean);

export const numberOrNull = (text) => (text.trim() === '' ? null : Number(text));

export function showError(form, error) {
  clearErrors(form);
  const name = error.field?.split(/[.[]/)[0];
  const boxes = name ? [...form.querySelectorAll(`[data-field="${CSS.escape(name)}"]:not([hidden])`)] : [];
  const box = boxes.at(-1);
  const place = box?.querySelector('.error') ?? form.querySelector('.form-error');
  const folded = box?.closest('details');
  if (folded) folded.open = true;
  place.textContent = error.message;
  const control = box?.querySelector('input, select, textarea');
  control?.setAttribute('aria-invalid', 'true');
  control?.focus();
}

export function clearErrors(form) {
  for (const place of form.querySelectorAll('.error')) place.textContent = '';
  for (const control of form.querySelectorAll('[aria-invalid]')) control.removeAttribute('aria-invalid');
}

/** Runs `action` when the form is submitted: once at a time, with its errors shown in the form. */
export function onSubmit(form, action) {
  let busy = false;
  form.noValidate = true;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    form.setAttribute('aria-busy', 'true');
    try {
      await action();
      clearErrors(form);
    } catch (error) {
      showError(form, error);
    } finally {
      busy = false;
      form.removeAttribute('aria-busy');
    }
  });
}
