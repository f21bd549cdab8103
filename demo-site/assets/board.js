// Moves cards of the board by mouse and by keyboard. Without this script each card has a form that does it.

const board = document.querySelector("[data-board]");
const says = document.getElementById("board-says");
const problem = document.getElementById("board-problem");
const csrf = document.querySelector('meta[name="csrf-token"]').content;

// The card being moved: where it was, and whether the keyboard holds it.
let lifted = null;

const cardsOf = (lane) => lane.querySelector("[data-cards]");
const lanes = () => [...board.querySelectorAll("[data-stage]")];
const laneOf = (card) => card.closest("[data-stage]");
const gripOf = (card) => card.querySelector("[data-grip]");
const say = (text) => { says.textContent = text; };

const tell = (text) => {
  problem.textContent = text;
  problem.hidden = !text;
};

const arm = () => {
  for (const grip of board.querySelectorAll("[data-grip]")) {
    const card = grip.closest("[data-deal]");
    card.draggable = true;
    // A link or a picture would be dragged in place of its card.
    for (const link of card.querySelectorAll("a")) link.draggable = false;
  }
};

const place = (card) => {
  const cards = [...card.parentElement.children];
  return `${laneOf(card).dataset.name}, place ${cards.indexOf(card) + 1} of ${cards.length}`;
};

// ----- The server's word

const refetch = async () => {
  const answer = await fetch(location.pathname + location.search, {
    credentials: "same-origin",
    headers: { "X-Requested-With": "fetch", Accept: "text/html" },
  });
  if (answer.status === 401) return location.reload();
  if (!answer.ok) throw new Error(String(answer.status));
  // The server escapes what it puts into a part; parsing it as a document of its own runs nothing.
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const focused = document.activeElement?.id;
  const old = board.querySelector(".board");
  const [left, tops] = [old?.scrollLeft ?? 0, new Map(lanes().map((lane) => [lane.id, cardsOf(lane).scrollTop]))];
  board.replaceChildren(...page.body.childNodes);
  const fresh = board.querySelector(".board");
  if (fresh) fresh.scrollLeft = left;
  for (const lane of lanes()) cardsOf(lane).scrollTop = tops.get(lane.id) ?? 0;
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
};

const store = async (card, from) => {
  const after = card.previousElementSibling?.dataset.deal ?? "";
  const stage = laneOf(card).dataset.stage;
  const title = card.dataset.title;
  const target = laneOf(card).dataset.name;
  tell("");
  try {
    const answer = await fetch(`/deals/${card.dataset.deal}/move`, {
      method: "POST",
      credentials: "same-origin",
      headers: { "X-Requested-With": "fetch", Accept: "application/json" },
      body: new URLSearchParams({ _csrf: csrf, stage, after, version: card.dataset.version }),
    });
    if (answer.status === 401) return location.reload();
    if (answer.status === 409) {
      const { errors } = await answer.json();
      tell(`“${title}” was not moved: ${Object.values(errors).flat().join(" ")}`);
    } else if (answer.status === 404) {
      tell(`“${title}” is not there any more.`);
    } else if (answer.ok) {
      say(`${title} is in ${target} now.`);
    } else {
      throw new Error(String(answer.status));
    }
    await refetch();
  } catch {
    putBack(card, from);
    tell(`“${title}” could not be moved. It is back where it was; please try again.`);
  }
};

const putBack = (card, from) => {
  if (from.next?.isConnected) from.next.before(card);
  else from.cards.append(card);
};

const whereIs = (card) => ({ cards: card.parentElement, next: card.nextElementSibling });
const stands = (card, from) => card.parentElement === from.cards && card.nextElementSibling === from.next;

// ----- By keyboard: lift, arrows, drop

const lift = (card) => {
  lifted = { card, from: whereIs(card) };
  card.classList.add("deal--lifted");
  card.dataset.dragging = "";
  gripOf(card).setAttribute("aria-pressed", "true");
  say(`Lifted ${card.dataset.title}. ${place(card)}.`);
};

const letGo = () => {
  const { card, from } = lifted;
  lifted = null;
  delete card.dataset.dragging;
  card.classList.remove("deal--lifted");
  gripOf(card).removeAttribute("aria-pressed");
  return { card, from };
};

const step = (key) => {
  const { card } = lifted;
  const others = lanes();
  const at = others.indexOf(laneOf(card));
  if (key === "ArrowUp") card.previousElementSibling?.before(card);
  if (key === "ArrowDown") card.nextElementSibling?.after(card);
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const lane = others[at + (key === "ArrowLeft" ? -1 : 1)];
    if (!lane) return;
    const index = [...card.parentElement.children].indexOf(card);
    cardsOf(lane).insertBefore(card, cardsOf(lane).children[index] ?? null);
  }
  gripOf(card).focus();
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
  say(`${card.dataset.title}: ${place(card)}.`);
};

document.addEventListener("keydown", (event) => {
  const grip = event.target.closest?.("[data-grip]");
  const isPress = event.key === "Enter" || event.key === " ";
  if (!lifted) {
    if (grip && isPress) {
      event.preventDefault();
      lift(grip.closest("[data-deal]"));
    }
    return;
  }
  if (isPress) {
    event.preventDefault();
    const { card, from } = letGo();
    if (stands(card, from)) say(`${card.dataset.title} stays where it was.`);
    else void store(card, from);
  } else if (event.key === "Escape" || event.key === "Tab") {
    if (event.key === "Escape") event.preventDefault();
    const { card, from } = letGo();
    putBack(card, from);
    gripOf(card).focus();
    say(`${card.dataset.title} is back where it was.`);
  } else if (event.key.startsWith("Arrow")) {
    event.preventDefault();
    step(event.key);
  }
});

// ----- By mouse

board.addEventListener("dragstart", (event) => {
  const card = event.target.closest?.("[data-deal]");
  if (!card || lifted) return;
  lifted = { card, from: whereIs(card), mouse: true };
  card.dataset.dragging = "";
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", card.dataset.title);
  // The picture under the pointer is taken first, as the card was.
  setTimeout(() => card.classList.add("deal--lifted"));
});

board.addEventListener("dragover", (event) => {
  const lane = event.target.closest?.("[data-stage]");
  if (!lifted?.mouse || !lane) return;
  event.preventDefault();
  const below = [...cardsOf(lane).children].find((other) => {
    const box = other.getBoundingClientRect();
    return other !== lifted.card && event.clientY < box.top + box.height / 2;
  });
  if (below) below.before(lifted.card);
  else cardsOf(lane).append(lifted.card);
});

board.addEventListener("drop", (event) => {
  if (!lifted?.mouse) return;
  event.preventDefault();
  lifted.dropped = true;
});

board.addEventListener("dragend", () => {
  if (!lifted?.mouse) return;
  const dropped = lifted.dropped;
  const { card, from } = letGo();
  if (!dropped) putBack(card, from);
  else if (!stands(card, from)) void store(card, from);
});

// What somebody else changed comes as new cards.
new MutationObserver(arm).observe(board, { childList: true });
board.classList.add("board-frame--movable");
arm();
