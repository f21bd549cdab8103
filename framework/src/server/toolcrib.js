// Forms that answer in place, and parts that follow what happens. Without this script each form loads a page, and a part
// is as old as its page.
//
// A form with `data-part` names the element its answer goes into. It is sent as a script's request: the server answers
// the part of the page (a refused form), or what to do next. The element is then loaded again, from the address in its
// `data-part-from` where it is a part of another page.

const region = () => {
  let region = document.querySelector("[data-announce]");
  if (!region) {
    region = document.createElement("p");
    region.dataset.announce = "";
    region.className = "flash";
    region.setAttribute("role", "status");
    const main = document.querySelector("main") ?? document.body;
    main.prepend(region);
  }
  return region;
};

const announce = (text) => {
  if (text) region().textContent = text;
};

const request = (path, options = {}) =>
  fetch(path, {
    credentials: "same-origin",
    ...options,
    headers: { "X-Requested-With": "fetch", Accept: "text/html, application/json", ...options.headers },
  });

// The server escapes what it puts into a part; parsing it as a document of its own runs nothing.
const parsed = (html) => new DOMParser().parseFromString(html, "text/html");

const put = (part, page) => {
  part.replaceChildren(...page.body.childNodes);
  part.querySelector("[autofocus], [aria-invalid]")?.focus();
};

const isJson = (answer) => (answer.headers.get("Content-Type") ?? "").startsWith("application/json");

const send = async (form, button, part) => {
  const body = new FormData(form, button);
  const sent = form.enctype === "multipart/form-data" ? body : new URLSearchParams(body);
  const answer = await request(form.action, { method: "POST", body: sent });
  if (isJson(answer) && answer.ok) {
    const next = await answer.json();
    if (next.location) {
      location.assign(next.location);
      return;
    }
    const fresh = await request(part.dataset.partFrom ?? location.pathname + location.search);
    if (!fresh.ok) throw new Error(String(fresh.status));
    put(part, parsed(await fresh.text()));
    announce(next.message);
    return;
  }
  if (answer.status === 401) {
    location.reload();
    return;
  }
  // A refused form comes as the part with all that is wrong with it; an error page has no form.
  const page = isJson(answer) ? null : parsed(await answer.text());
  if (!page?.querySelector("form")) throw new Error(String(answer.status));
  put(part, page);
};

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const part = form.dataset?.part ? document.getElementById(form.dataset.part) : null;
  if (!part) return;
  event.preventDefault();
  // A second press while the first is under way.
  if (part.getAttribute("aria-busy") === "true") return;
  part.setAttribute("aria-busy", "true");
  try {
    await send(form, event.submitter, part);
  } catch {
    announce("This could not be sent. What you typed is still here; please try again.");
  } finally {
    part.removeAttribute("aria-busy");
  }
});

// Live parts. An element with `data-live` names a stream of events; after an event it is fetched again. One with
// `data-presence` says who is there. Elements with the same address share one stream.

const EVERY = 250;
const HIDDEN_FOR = 30_000;

const streams = new Map();
const looks = new WeakMap();
let dragged = null;
let away = false;
let leaving;

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

const full = (address) => (address === undefined ? undefined : new URL(address, location).href);

const ofStream = (name, address) =>
  [...document.querySelectorAll(`[data-${name}]`)].filter((part) => full(part.dataset[name]) === address);

// When the server was asked for what an element shows: first for the page itself.
const lookOf = (part) => {
  if (!looks.has(part)) {
    const asked = performance.getEntriesByType("navigation")[0]?.requestStart ?? 0;
    looks.set(part, { wanted: false, running: false, asked, next: 0 });
  }
  return looks.get(part);
};

// What these hold is no text of anybody's, or was never said by the page.
const UNSAID = ["hidden", "range", "color", "submit", "button", "reset", "image"];

const isEdited = (control) => {
  if (control.type === "checkbox" || control.type === "radio") return control.checked !== control.defaultChecked;
  if (UNSAID.includes(control.type)) return false;
  if (control.tagName !== "SELECT") return control.value !== control.defaultValue;
  const chosen = [...control.options].findIndex((option) => option.defaultSelected);
  return control.multiple
    ? [...control.options].some((option) => option.selected !== option.defaultSelected)
    : control.selectedIndex !== Math.max(chosen, 0);
};

// Nothing is taken away from under somebody's hands.
const isInUse = (part) => {
  const focused = document.activeElement;
  const typing = focused?.matches("input, select, textarea, [contenteditable]") && part.contains(focused);
  return (
    typing ||
    part.getAttribute("aria-busy") === "true" ||
    (dragged !== null && part.contains(dragged)) ||
    part.querySelector("[data-dragging], dialog[open]") !== null ||
    [...part.querySelectorAll("input, select, textarea")].some(isEdited)
  );
};

// Elements with an id keep the focus, what is folded open, and how far they are scrolled.
const replace = (part, nodes) => {
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  const kept = [part, ...part.querySelectorAll("[id]")].map((old) => [old.id, old.open, old.scrollLeft, old.scrollTop]);
  part.replaceChildren(...nodes);
  for (const [id, open, left, top] of kept) {
    const fresh = id === part.id ? part : document.getElementById(id);
    if (!fresh) continue;
    if (fresh.tagName === "DETAILS") fresh.open = open;
    if (left || top) fresh.scrollTo({ left, top, behavior: "instant" });
  }
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
};

const fetchAgain = async (part, look) => {
  const address = part.dataset.liveFrom ?? location.pathname + location.search;
  look.asked = performance.now();
  const answer = await request(address, { headers: { "X-Live": "1" } });
  if (!answer.ok || isJson(answer)) return;
  const text = await answer.text();
  const page = parsed(text);
  const own = part.id ? page.getElementById(part.id) : null;
  // A whole page does not belong into a part of one.
  if (!own && /<html[\s>]/i.test(text)) return;
  if (isInUse(part)) look.wanted = true;
  else replace(part, (own ?? page.body).childNodes);
};

// One after the other, not too often, and only while nobody works there: then once afterwards.
const lookAgain = async (part) => {
  const look = lookOf(part);
  look.wanted = true;
  if (look.running) return;
  look.running = true;
  while (look.wanted && part.isConnected) {
    const early = look.next - performance.now();
    if (early > 0 || isInUse(part)) {
      await pause(Math.max(early, EVERY / 2));
      continue;
    }
    look.wanted = false;
    look.next = performance.now() + EVERY;
    // What failed is fetched with the next event, or when the stream is there again.
    await fetchAgain(part, look).catch(() => {});
  }
  look.running = false;
};

const sentence = (people) => {
  const own = document.querySelector('meta[name="end-user"]')?.content;
  const doing = new Map();
  for (const one of people) {
    if (one.user_id !== own) doing.set(one.doing, [...(doing.get(one.doing) ?? []), one.display_name]);
  }
  const names = new Intl.ListFormat("en");
  return [...doing].map(([what, who]) => `${names.format(who)} ${who.length > 1 ? "are" : "is"} ${what}`).join("; ");
};

const showPresence = (address, people) => {
  for (const place of ofStream("presence", address)) {
    const text = sentence(people);
    if (!place.hasAttribute("aria-live")) place.setAttribute("aria-live", "polite");
    if (place.textContent !== text) place.textContent = text;
    place.hidden = text === "";
  }
};

const wants = (part, event) => part.dataset.liveOn?.split(/\s+/).includes(event) ?? event !== "presence";

const hear = (address, stream, heard) => {
  const parts = ofStream("live", address);
  if (heard.event === "live") {
    // How a stream begins. After a loss, or if something happened since the page was asked for, its parts are old.
    const isOld = (part) => performance.now() - lookOf(part).asked >= heard.data.last_ms;
    parts.filter((part) => stream.lost || isOld(part)).forEach(lookAgain);
    stream.lost = false;
    stream.wait = 0;
    showPresence(address, []);
    return;
  }
  if (heard.event === "presence") showPresence(address, heard.data);
  for (const part of new Set([...parts, ...ofStream("presence", address)])) {
    const told = new CustomEvent("toolcrib:live", { detail: heard, bubbles: true, cancelable: true });
    if (part.dispatchEvent(told) && parts.includes(part) && wants(part, heard.event)) lookAgain(part);
  }
};

const listen = (address, stream) => {
  const source = new EventSource(address);
  stream.source = source;
  source.onmessage = (message) => hear(address, stream, JSON.parse(message.data));
  source.onerror = () => {
    stream.lost = true;
    // The browser comes again by itself, but not after it was refused.
    if (source.readyState !== EventSource.CLOSED) return;
    stream.wait = Math.min(60_000, Math.max(5_000, 2 * stream.wait));
    stream.timer = setTimeout(() => listen(address, stream), stream.wait * (0.5 + Math.random()));
  };
};

const hangUp = (stream) => {
  clearTimeout(stream.timer);
  stream.source?.close();
};

// As many streams as the page's elements name, and no others.
const follow = () => {
  if (away) return;
  const named = [...document.querySelectorAll("[data-live], [data-presence]")];
  const addresses = new Set(named.flatMap(({ dataset }) => [full(dataset.live), full(dataset.presence)]));
  addresses.delete(undefined);
  for (const [address, stream] of streams) {
    if (!addresses.has(address)) {
      hangUp(stream);
      streams.delete(address);
    }
  }
  for (const address of addresses) {
    const known = streams.get(address);
    if (known?.source) continue;
    const stream = known ?? { lost: false, wait: 0 };
    streams.set(address, stream);
    listen(address, stream);
  }
};

// Browsers allow few connections to a site: a page that nobody sees gives its own back.
const leave = () => {
  away = true;
  for (const stream of streams.values()) {
    hangUp(stream);
    stream.source = null;
    stream.lost = true;
  }
};

const comeBack = () => {
  clearTimeout(leaving);
  away = false;
  follow();
};

document.addEventListener("dragstart", (event) => {
  dragged = event.target;
});
for (const over of ["dragend", "drop"]) {
  document.addEventListener(over, () => {
    dragged = null;
  });
}
const show = () => {
  if (document.visibilityState === "visible") comeBack();
  else leaving = setTimeout(leave, HIDDEN_FOR);
};

document.addEventListener("visibilitychange", show);
addEventListener("pagehide", leave);
addEventListener("pageshow", (event) => {
  if (event.persisted) comeBack();
});
new MutationObserver(follow).observe(document.body, { childList: true, subtree: true });
follow();
show();
