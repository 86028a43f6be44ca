// What the views build their elements with. Nothing is ever parsed as HTML: what passed through the
// mesh is text, whatever it looks like.

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'text') node.textContent = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined));
  return node;
}

export const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);
export const s = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);
export const $ = (id) => document.getElementById(id);

// setText and set touch the page only where something changed: screens do not flicker, and readers of
// screens are not told the same again.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function set(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

// keyed keeps one element for each key, in the order of the keys.
export function keyed(parent, items, key, make, update) {
  const old = new Map([...parent.children].map((n) => [n.dataset.key, n]));
  let at = parent.firstElementChild;
  for (const item of items) {
    const k = key(item);
    let node = old.get(k);
    if (node) old.delete(k);
    else {
      node = make(item);
      node.dataset.key = k;
    }
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
    if (update) update(node, item);
  }
  for (const node of old.values()) node.remove();
}
