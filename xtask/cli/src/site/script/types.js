// The page of types.

/** A type as it is written in Rust, with links to those of the API. */
function linked(type, page) {
  return type.split(/((?:schemas|enums)::[\w:#]+)/).map((part, number) => {
    if (number % 2 === 0) return part;
    const name = part.replace("schemas::", "").replaceAll("::", ".").replace("r#", "");
    return make("a", { href: `${page}#${name}` }, part.slice(part.lastIndexOf(":") + 1));
  });
}

/** The bytes of a text in Z85. */
function unpack(length, text) {
  const digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
  const values = new Uint8Array(128);
  for (let digit = 0; digit < 85; digit++) values[digits.charCodeAt(digit)] = digit;
  const bytes = new DataView(new ArrayBuffer((text.length / 5) * 4));
  for (let at = 0; at < text.length; at += 5) {
    let number = 0;
    for (let digit = at; digit < at + 5; digit++) number = number * 85 + values[text.charCodeAt(digit)];
    bytes.setUint32((at / 5) * 4, number);
  }
  return new Uint8Array(bytes.buffer, 0, length);
}

/** Types by their anchors. */
function read({ types, names, of, docs, deprecated }) {
  const old = new Set(deprecated);
  const docsOf = (number) => (typeof docs[number] === "number" ? docs[docs[number]] : docs[number]);
  let member = 0;
  let docsAt = 0;
  const next = () => ({ docs: docsOf(docsAt), deprecated: old.has(docsAt++) });
  const all = new Map();
  for (const [anchor, kind, same, count] of types) {
    const type = { kind, same, members: [], ...next() };
    for (let end = member + count; member < end; member++) {
      type.members.push({ name: names[member], of: of[member], ...next() });
    }
    all.set(anchor, type);
  }
  return all;
}

function types(place) {
  let all = null;
  const message = (text) => place.replaceChildren(make("p", {}, text));

  globalThis.gapisTypes = async (length, packed) => {
    try {
      const stream = new Blob([unpack(length, packed)]).stream().pipeThrough(new DecompressionStream("deflate"));
      all = read(await new Response(stream).json());
    } catch {
      return message("This browser cannot unpack the types; newer ones can.");
    }
    show();
  };

  function said(tag, html) {
    const element = make(tag, { class: "prose" });
    // It was made and escaped where the pages were.
    element.innerHTML = html;
    return element;
  }

  function element(anchor, { kind, docs, same, deprecated, members }) {
    const mark = (deprecated) => (deprecated ? [" ", make("span", { class: "mark" }, "deprecated")] : []);
    const path = `${anchor.startsWith("enums.") ? "" : "schemas::"}${anchor.replaceAll(".", "::")}`;
    const nodes = [make("h2", {}, path.slice(path.lastIndexOf(":") + 1), " ", make("small", {}, kind))];
    nodes.push(make("p", {}, make("code", {}, path), ...mark(deprecated)));
    if (docs) nodes.push(said("div", docs));
    if (same) nodes.push(make("p", {}, "The same as ", make("code", {}, ...linked(same, "")), "."));
    const list = make("dl");
    for (const member of members) {
      const code = make("code", {}, ...linked(member.of, ""));
      list.append(make("dt", {}, make("code", {}, member.name), " ", code, ...mark(member.deprecated)));
      if (member.docs) list.append(said("dd", member.docs));
    }
    nodes.push(list);
    return nodes;
  }

  function show() {
    const name = decodeURIComponent(location.hash.slice(1));
    const type = all.get(name);
    if (type) {
      place.replaceChildren(...element(name, type), make("p", {}, make("a", { href: "#" }, "All types")));
      window.scrollTo(0, 0);
      return;
    }
    const links = [...all.keys()].map((name) => make("li", {}, make("a", { href: `#${name}` }, name)));
    place.replaceChildren(make("p", {}, `${links.length} types.`), make("ul", { class: "methods" }, ...links));
  }

  message("Loading …");
  addEventListener("hashchange", () => all && show());
  load(place.dataset.src);
}
