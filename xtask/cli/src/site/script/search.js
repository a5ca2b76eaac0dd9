// The search: what there is to find, and the field with its list of results.

/** The words of a name: `batchUpdate` has `batch`, `update` and `batchupdate`. */
function wordsOf(text) {
  const words = new Set();
  for (const part of text.match(/[\p{L}\p{N}]+/gu) ?? []) {
    words.add(part.toLowerCase());
    const inner = part.match(/\p{Lu}?[\p{Ll}]+|\p{Lu}+(?!\p{Ll})|\p{N}+/gu) ?? [];
    for (const word of inner) words.add(word.toLowerCase());
  }
  return [...words];
}

/** What there is to find, and the numbers of its words. */
class Index {
  constructor(lines) {
    this.words = [];
    this.numbers = new Map();
    this.entries = [];
    let guide = null;
    let api = null;
    let page = "";
    for (const line of lines.split("\n")) {
      const [first, second, third] = line.slice(1).split("\t");
      switch (line[0]) {
        case "G":
          guide = { file: `guide/${first}`, title: second };
          this.add(second, `Guide: ${third}`, guide.file, `${second} ${first.replace(".html", "")}`, third, 3);
          break;
        case "H":
          this.add(second, `Guide: ${guide.title}`, `${guide.file}#${first}`, second, guide.title, 0);
          break;
        case "A": {
          const version = first.slice(first.indexOf(".") + 1);
          // The words of an API are those of all its methods too, and are looked up once.
          api = { stem: first, name: first.replace(".", ":"), sub: `${second} ${version}` };
          api.words = this.numbersOf(`${first} ${second}`);
          api.rank = /alpha|beta|preview|eap/.test(version) ? -0.6 : 0;
          this.add(second, `${api.name}, ${third} methods`, `apis/${first}.html`, `${second} ${first}`, "", 4 + api.rank);
          break;
        }
        case "P":
          page = `apis/${api.stem}/${first}.html`;
          break;
        case "M":
          this.entries.push({
            title: first,
            sub: api.sub,
            api,
            page,
            anchor: second ?? first,
            own: this.numbersOf(first),
            other: api.words,
            rank: api.rank,
          });
      }
    }
  }

  add(title, sub, href, own, other, rank) {
    this.entries.push({ title, sub, href, own: this.numbersOf(own), other: this.numbersOf(other), rank });
  }

  numbersOf(text) {
    return wordsOf(text).map((word) => {
      let number = this.numbers.get(word);
      if (number === undefined) {
        number = this.words.push(word) - 1;
        this.numbers.set(word, number);
      }
      return number;
    });
  }

  /** How well each word fits what was typed, 0 for not at all. */
  fitting(typed) {
    let found = false;
    const fits = this.words.map((word) => {
      const fit = fitOf(word, typed);
      found ||= fit > 0;
      return fit;
    });
    if (found || typed.length < 4) return fits;
    const most = typed.length < 8 ? 1 : 2;
    return this.words.map((word) => {
      if (distance(word, typed, most) <= most) return 2;
      return word.length > typed.length && distance(word.slice(0, typed.length), typed, most) <= most ? 1.5 : 0;
    });
  }

  /** The entries that have all words of a text, the best first. */
  find(text) {
    const typed = (text.match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => word.toLowerCase());
    if (typed.length === 0) return [];
    const fits = typed.map((word) => this.fitting(word));
    const best = (numbers, fit) => numbers.reduce((most, number) => Math.max(most, fit[number]), 0);
    const found = [];
    for (const entry of this.entries) {
      let score = entry.rank - entry.own.length * 0.15;
      for (const fit of fits) {
        const fitting = Math.max(best(entry.own, fit), best(entry.other, fit) * 0.7);
        if (fitting === 0) {
          score = -Infinity;
          break;
        }
        score += fitting;
      }
      if (score > -Infinity) found.push([score, entry]);
    }
    found.sort(([a], [b]) => b - a);
    return found.map(([, entry]) => entry);
  }
}

function fitOf(word, typed) {
  if (word === typed) return 8;
  if (word.startsWith(typed)) return 6;
  // `permissions` for `permission`.
  if (word.length >= 4 && typed.length - word.length <= 2 && typed.startsWith(word)) return 4;
  return typed.length >= 3 && word.includes(typed) ? 3 : 0;
}

/** How many letters must be changed, added, left out or exchanged with the next; more than `most` may be any number. */
function distance(a, b, most) {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(changed, last[j] + 1, row[j - 1] + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    if (Math.min(...row) > most) return most + 1;
    before = last;
    last = row;
  }
  return last[b.length];
}

const SHOWN = 30;

function search(place) {
  const input = make("input", {
    type: "search",
    id: "query",
    role: "combobox",
    placeholder: "Search methods, APIs, guide",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    "aria-label": "Search methods, APIs and the guide",
    "aria-autocomplete": "list",
    "aria-controls": "results",
    "aria-expanded": "false",
    "aria-keyshortcuts": "/",
  });
  const results = make("div", { id: "results", role: "listbox", "aria-label": "Results", hidden: "" });
  const status = make("div", { class: "unseen", role: "status", "aria-live": "polite" });
  place.setAttribute("role", "search");
  place.append(input, make("kbd", { "aria-hidden": "true" }, "/"), results, status);

  let index = null;
  let loading = false;
  let chosen = -1;

  globalThis.gapisSearch = (lines) => {
    index = new Index(lines);
    show();
  };

  function open(isOpen) {
    results.hidden = !isOpen;
    input.setAttribute("aria-expanded", String(isOpen));
  }

  function choose(next) {
    const options = results.querySelectorAll("[role=option]");
    options[chosen]?.setAttribute("aria-selected", "false");
    chosen = options.length === 0 ? -1 : (next + options.length) % options.length;
    const option = options[chosen];
    if (!option) return input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  }

  function show() {
    const text = input.value.trim();
    if (!index || text === "") {
      open(false);
      results.replaceChildren();
      status.textContent = "";
      return choose(-1);
    }
    const found = index.find(text);
    const options = found.slice(0, SHOWN).map((entry, number) => {
      const href = root + (entry.href ?? `${entry.page}#${entry.anchor}`);
      return make(
        "a",
        { role: "option", id: `result-${number}`, href, tabindex: "-1", "aria-selected": "false" },
        entry.title,
        make("span", {}, entry.sub),
      );
    });
    results.replaceChildren(...(options.length > 0 ? options : [make("p", {}, "Nothing found.")]));
    open(true);
    chosen = -1;
    choose(0);
    const count = found.length === 1 ? "1 result" : `${found.length} results`;
    status.textContent = found.length > SHOWN ? `${count}; the first ${SHOWN} are shown` : count;
  }

  input.addEventListener("focus", () => {
    if (!loading) load(`${root}search.js`);
    loading = true;
    if (index && input.value.trim() !== "") show();
  });
  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (results.hidden) return show();
      choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      results.querySelector("[aria-selected=true]")?.click();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (input.value === "") input.blur();
      input.value = "";
      show();
    }
  });
  // A link to this very page leaves the list in the way otherwise.
  results.addEventListener("click", () => {
    open(false);
    input.blur();
  });
  place.addEventListener("focusout", (event) => {
    if (!place.contains(event.relatedTarget)) open(false);
  });
  // The mouse must not take the focus from the field, which would close the list before the click.
  results.addEventListener("mousedown", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      input.focus();
      input.select();
    }
  });
}
