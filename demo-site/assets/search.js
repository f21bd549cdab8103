// Shows what the search finds while somebody types. Without this script the form leads to the page of the search.

const WAIT = 150;
const PER_GROUP = 5;

const input = document.getElementById("quick-search");
const form = input?.form;

const element = (name, attributes, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};

const list = element("ul", { id: "quick-found", role: "listbox", "aria-label": "Found", class: "quick-found", hidden: "" });
const said = element("p", { role: "status", class: "visually-hidden" });

let timer = 0;
let asked = null;
let active = null;

const options = () => [...list.querySelectorAll('[role="option"]')];

const close = () => {
  clearTimeout(timer);
  asked?.abort();
  list.hidden = true;
  active = null;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
};

// Beside the masthead on wide screens, below the box on small ones: whatever scrolls there must not cut it off.
const place = () => {
  const box = input.getBoundingClientRect();
  const width = Math.max(box.width, Math.min(448, window.innerWidth - box.left - 16));
  list.style.setProperty("--found-left", `${Math.max(8, box.left)}px`);
  list.style.setProperty("--found-top", `${box.bottom + 6}px`);
  list.style.setProperty("--found-width", `${Math.min(width, window.innerWidth - 16)}px`);
};

const open = () => {
  place();
  list.hidden = false;
  input.setAttribute("aria-expanded", "true");
};

const choose = (option) => {
  active?.removeAttribute("aria-selected");
  active = option ?? null;
  if (active) {
    active.setAttribute("aria-selected", "true");
    active.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", active.id);
  } else {
    input.removeAttribute("aria-activedescendant");
  }
};

const follow = (option) => location.assign(option.dataset.href);

// One line of the page of the search becomes one option: its link, and what is told of it.
const option = (row, number) => {
  const link = row.querySelector("a.row__title");
  const made = element("li", { id: `quick-found-${number}`, role: "option", class: "quick-found__option" });
  made.dataset.href = link.getAttribute("href");
  made.append(element("span", { class: "quick-found__title" }, link.textContent.trim()));
  const sub = row.querySelector(".row__sub")?.textContent.replace(/\s+/g, " ").trim();
  if (sub) made.append(element("span", { class: "quick-found__sub" }, sub));
  return made;
};

const show = (page, typed) => {
  let number = 0;
  const groups = [...page.querySelectorAll("section")].map((section) => {
    const id = `quick-group-${number}`;
    const heading = section.querySelector("h2").textContent;
    const rows = [...section.querySelectorAll(".row")].slice(0, PER_GROUP);
    return element("li", { role: "presentation" },
      element("p", { id, class: "quick-found__group", role: "presentation" }, heading),
      element("ul", { role: "group", "aria-labelledby": id }, ...rows.map((row) => option(row, number++))));
  });
  list.replaceChildren(...groups);
  choose(null);
  if (number === 0) {
    close();
    said.textContent = `Nothing found for ${typed}`;
    return;
  }
  const all = element("li", { id: "quick-found-all", role: "option", class: "quick-found__option quick-found__all" }, `All results for “${typed}”`);
  all.dataset.href = `/search?q=${encodeURIComponent(typed)}`;
  list.append(all);
  said.textContent = number === 1 ? "1 result" : `${number} results`;
  open();
};

const ask = async () => {
  const typed = input.value.trim();
  asked?.abort();
  if (!typed) {
    close();
    return;
  }
  const mine = new AbortController();
  asked = mine;
  try {
    const answer = await fetch(`/search?q=${encodeURIComponent(typed)}`, {
      headers: { "X-Requested-With": "fetch", Accept: "text/html" },
      credentials: "same-origin",
      signal: mine.signal,
    });
    if (!answer.ok) {
      close();
      return;
    }
    // The server escapes what it puts into a fragment; parsing it as a document of its own runs nothing.
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!mine.signal.aborted && document.activeElement === input) show(page, typed);
  } catch {
    // A newer request took its place, or the server cannot be reached: the form still leads to the page.
    if (!mine.signal.aborted) close();
  }
};

const move = (step) => {
  const all = options();
  const at = active ? all.indexOf(active) + step : step > 0 ? 0 : all.length - 1;
  choose(all[at]);
};

const onKey = (event) => {
  if (event.isComposing) return;
  if (event.key === "Escape") {
    if (list.hidden) return;
    event.preventDefault();
    close();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (list.hidden) void ask();
    else move(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter" && active && !list.hidden) {
    event.preventDefault();
    follow(active);
  }
};

const isTyping = (target) =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));

const onShortcut = (event) => {
  const slash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target);
  const k = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
  if (!slash && !k) return;
  event.preventDefault();
  input.focus();
  input.select();
};

if (form) {
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list", "aria-keyshortcuts": "/ Control+K",
  })) input.setAttribute(name, value);
  form.append(list, said);
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), WAIT);
  });
  input.addEventListener("keydown", onKey);
  input.addEventListener("blur", close);
  form.addEventListener("submit", close);
  // The box keeps the focus while somebody points at the list.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const chosen = event.target.closest('[role="option"]');
    if (chosen) follow(chosen);
  });
  window.addEventListener("resize", () => { if (!list.hidden) place(); });
  window.addEventListener("scroll", () => { if (!list.hidden) place(); }, { passive: true });
  document.addEventListener("keydown", onShortcut);
}
