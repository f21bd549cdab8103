// The list of clients: ticks all rows of the page at once, says how many are ticked, and moves by keys. Without this script the
// rows are ticked one by one.

const form = document.getElementById("picking");
const boxes = () => [...document.querySelectorAll('input[name="ids"]')];

if (form) {
  const heading = form.querySelector("[data-pick-all]");
  const count = form.querySelector("[data-picked]");
  const everything = form.querySelector('input[name="all"]');

  const all = document.createElement("input");
  all.type = "checkbox";
  all.autocomplete = "off";
  const label = document.createElement("label");
  label.className = "pick";
  const words = document.createElement("span");
  words.className = "visually-hidden";
  words.textContent = "Select all clients on this page";
  label.append(all, words);
  heading.replaceChildren(label);

  const tell = () => {
    const ticked = boxes().filter((box) => box.checked).length;
    all.checked = ticked > 0 && ticked === boxes().length;
    all.indeterminate = ticked > 0 && !all.checked;
    count.textContent = everything?.checked ? "(all found)" : ticked > 0 ? `(${ticked})` : "";
  };
  all.addEventListener("change", () => {
    for (const box of boxes()) box.checked = all.checked;
    tell();
  });
  form.addEventListener("change", (event) => {
    if (event.target !== all) tell();
  });
  tell();
}

// j and k go from row to row by focusing the client's link, so that Enter opens it by itself; x ticks the row.
const isTyping = (target) => target instanceof Element && target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const links = [...document.querySelectorAll("[data-row] .table__name a:first-of-type")];
  const row = document.activeElement?.closest("[data-row]");
  const index = links.findIndex((link) => link.closest("[data-row]") === row);
  if (event.key === "j" || event.key === "k") {
    const next = links[event.key === "j" ? Math.min(index + 1, links.length - 1) : Math.max(index - 1, 0)];
    next?.focus();
    event.preventDefault();
  } else if (event.key === "x" && row) {
    row.querySelector('input[name="ids"]')?.click();
    event.preventDefault();
  }
});
