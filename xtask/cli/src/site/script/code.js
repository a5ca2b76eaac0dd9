// Code: the lines of each way to call a method, colors, and buttons to copy.

const RUST =
  /(\/\/[^\n]*)|(b?"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)')|\b(as|async|await|break|const|continue|else|enum|fn|for|if|impl|in|let|loop|match|mod|move|mut|pub|ref|return|struct|trait|type|use|where|while)\b/g;

/** The text as nodes, with comments, strings and keywords marked. */
function colored(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(RUST)) {
    nodes.push(text.slice(end, match.index));
    nodes.push(make("span", { class: match[1] ? "c" : match[2] ? "s" : "k" }, match[0]));
    end = match.index + match[0].length;
  }
  nodes.push(text.slice(end));
  return nodes;
}

async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Some browsers have no clipboard for pages from a folder, but for the selection of a field.
    const field = make("textarea", { class: "unseen", "aria-hidden": "true" });
    field.value = text;
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    if (!copied) throw new Error("the browser does not let this page copy");
  }
}

/** Puts a button beside code that copies it. */
function copyable(pre) {
  const button = make("button", { type: "button", class: "copy", "aria-live": "polite" }, "Copy");
  let timer = 0;
  button.addEventListener("click", async () => {
    const text = pre.textContent.trimEnd() + "\n";
    button.textContent = await toClipboard(text).then(() => "Copied", () => "Not copied");
    button.focus();
    clearTimeout(timer);
    timer = setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  const code = make("div", { class: "code" });
  pre.replaceWith(code);
  // Code that is wider than the page is scrolled, by keyboard too.
  pre.tabIndex = 0;
  code.append(pre, button);
  return code;
}

// How methods are called, as `gapis describe` says it too.
const WAYS = "WAYS";

const CALLS = ".methods-of > section > pre:last-child";

/** The lines of a way for a call. */
function linesOf(way, pre, { library, service }) {
  const call = pre.textContent;
  const modules = ["enums", "runtime", "schemas"].filter((name) => new RegExp(`(?<![\\w:])${name}::`).test(call));
  const values = {
    library,
    service,
    name: service.toLowerCase(),
    imports: modules.length > 0 ? `{${[service, ...modules].join(", ")}}` : service,
    call,
  };
  const fill = (text) => text.replace(/\{(library|service|name|imports|call)\}/g, (_, name) => values[name]);
  return `${fill(WAYS.setup)}\n${fill(way.lines)}`;
}

/** Makes one block with a row of tabs of the lines for each way to call a method. */
function ways(block, number) {
  const keys = ["call", "batch", ...(block.dataset.ways ?? "").split(" ")];
  const about = block.closest(".methods-of").dataset;
  const tabs = make("div", { class: "ways", role: "tablist", "aria-label": "Ways to call the method" });
  const panels = [];
  for (const way of WAYS.ways.filter((way) => keys.includes(way.key))) {
    const shown = make("pre", {}, ...colored(linesOf(way, block, about)));
    const id = `way-${number}-${panels.length}`;
    const panel = make("div", { role: "tabpanel", id, "aria-labelledby": `${id}-tab` }, shown);
    copyable(shown);
    const tab = make("button", { type: "button", role: "tab", id: `${id}-tab`, "aria-controls": id }, way.title);
    tabs.append(tab);
    panels.push(panel);
  }
  function choose(chosen) {
    for (const [index, tab] of [...tabs.children].entries()) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      panels[index].hidden = tab !== chosen;
    }
  }
  tabs.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) choose(tab);
  });
  tabs.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const all = [...tabs.children];
    const at = all.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    const next = all[(at + step + all.length) % all.length];
    choose(next);
    next.focus();
  });
  choose(tabs.firstElementChild);
  block.replaceWith(make("div", { class: "rust" }, tabs, ...panels));
}
