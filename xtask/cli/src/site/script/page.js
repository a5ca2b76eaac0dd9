// What is on the page, and the start of all parts.

function contents() {
  const headings = [...document.querySelectorAll("main h2[id]")];
  const main = document.querySelector("main");
  if (main.querySelector(".hero") || headings.length < 3) return;
  const links = headings.map((heading) => make("li", {}, make("a", { href: `#${heading.id}` }, heading.textContent)));
  const details = make("details", {}, make("summary", {}, "On this page"), make("ul", {}, ...links));
  // On a narrow screen the page itself comes first.
  details.open = matchMedia("(min-width: 64rem)").matches;
  main.before(make("nav", { class: "beside", "aria-label": "On this page" }, details));
  main.parentElement.classList.add("with");
  for (const heading of headings) {
    if (heading.querySelector("a")) continue;
    const label = `Link to ${heading.textContent}`;
    heading.append(" ", make("a", { class: "here", href: `#${heading.id}`, "aria-label": label }, "#"));
  }
}

search(document.getElementById("search"));
for (const pre of document.querySelectorAll("main pre")) {
  if (pre.matches(CALLS)) continue;
  const code = pre.querySelector("code.language-rust");
  if (code) code.replaceChildren(...colored(code.textContent));
  copyable(pre);
}
document.querySelectorAll(CALLS).forEach(ways);
for (const code of document.querySelectorAll(".methods-of dl code")) {
  if (/^[^"]*\b(schemas|enums)::/.test(code.textContent)) code.replaceChildren(...linked(code.textContent, "all-types.html"));
}
for (const verb of document.querySelectorAll(".methods-of > section > p > b")) verb.className = verb.textContent;
contents();
const place = document.getElementById("types");
if (place) types(place);
// The parts of the page that were made just now moved the one that the address names.
if (location.hash && !place) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
