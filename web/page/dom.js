/** Small help with the document. Text only ever enters it as text. */

/**
 * The element with an id, of the class it must have.
 * @template {Element} T
 * @param {string} id
 * @param {{ new (): T }} type
 * @returns {T}
 */
export function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`The page lacks its ${type.name} "${id}".`);
  return found;
}

/**
 * A new element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {{ class?: string, text?: string, href?: string }} [options]
 * @param {...Node} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  if (options.class) element.className = options.class;
  if (options.text) element.textContent = options.text;
  if (options.href) element.setAttribute('href', options.href);
  element.append(...children);
  return element;
}

/**
 * Sets a text only if it differs, so that screen readers are not told the same twice.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Copies the text of an element; where the browser forbids that, selects it.
 * @param {HTMLElement} element
 * @returns {Promise<boolean>} whether it was copied
 */
export async function copyText(element) {
  const text = element.textContent ?? '';
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No clipboard over plain HTTP from another machine: the old way, or a selection at least.
    getSelection()?.selectAllChildren(element);
    return document.execCommand('copy');
  }
}

/**
 * A line of code with a button that copies it.
 * @param {string} label what it is, for the button's name
 * @param {string} text
 * @returns {HTMLElement}
 */
export function copyable(label, text) {
  const code = make('code', { text });
  const button = make('button', { class: 'copy', text: 'Copy' });
  button.type = 'button';
  button.setAttribute('aria-label', `Copy ${label}`);
  button.addEventListener('click', async () => {
    button.textContent = (await copyText(code)) ? 'Copied' : 'Selected';
    setTimeout(() => (button.textContent = 'Copy'), 1600);
  });
  return make('div', { class: 'copyable' }, code, button);
}
