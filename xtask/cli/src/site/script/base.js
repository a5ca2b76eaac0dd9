// What the other parts of the script share.

const root = document.currentScript.dataset.root;

/** Makes an element with attributes and children. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function load(source) {
  document.head.append(make("script", { src: source }));
}
