// What `toolcrib dev` puts into every page: it loads the page anew when the site has changed, takes changed style sheets
// over without that, and shows what does not compile. Development only; never part of a site.

let mark = new URL(import.meta.url).searchParams.get("page") ?? "0.0";
const isNotice = mark.startsWith("0.");
const KEPT = "toolcrib-scroll";
let source = null;

// A page that was asked for by a form is asked for by its address now: nothing is ever sent twice.
function reload() {
  source?.close();
  const { pathname, search, hash } = location;
  try {
    sessionStorage.setItem(KEPT, JSON.stringify({ at: pathname + search, hash, x: scrollX, y: scrollY }));
  } catch {
    // Storage is switched off: the page begins at its top.
  }
  location.replace(pathname + search);
}

function restore() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT));
    sessionStorage.removeItem(KEPT);
    if (kept?.at === location.pathname + location.search) {
      if (kept.hash) history.replaceState(history.state, "", kept.hash);
      const there = () => scrollTo({ left: kept.x, top: kept.y, behavior: "instant" });
      there();
      // Images and style sheets may still be on their way.
      if (document.readyState !== "complete") addEventListener("load", there, { once: true });
    }
  } catch {
    // Nothing was kept.
  }
}

function swap(name) {
  for (const link of document.querySelectorAll("link[rel~=stylesheet]")) {
    const address = new URL(link.href);
    if (!address.pathname.endsWith("/" + name)) continue;
    address.search = "?dev=" + mark;
    const next = link.cloneNode();
    next.href = address.href;
    // The old one goes when the new one is there: no moment without a style.
    next.addEventListener("load", () => link.remove(), { once: true });
    link.after(next);
  }
}

function element(name, text, parent) {
  const made = document.createElement(name);
  made.textContent = text;
  parent.append(made);
  return made;
}

function hide() {
  document.querySelector("toolcrib-notice")?.remove();
}

function show(notice) {
  if (isNotice) return reload();
  hide();
  const host = document.createElement("toolcrib-notice");
  const root = host.attachShadow({ mode: "open" });
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = "/__toolcrib/notice.css";
  root.append(style);
  const main = document.createElement("main");
  main.setAttribute("role", "alert");
  main.className = "overlay";
  root.append(main);
  const leave = element("button", "Hide", main);
  leave.type = "button";
  leave.addEventListener("click", hide);
  element("h1", notice.title, main);
  for (const problem of notice.problems) {
    const section = element("section", "", main);
    if (problem.place) element("p", problem.place, section).className = "place";
    element("h2", problem.message, section);
    if (problem.excerpt) element("pre", problem.excerpt, section).tabIndex = 0;
  }
  element("p", "This goes away by itself once it is mended.", main).className = "hint";
  document.body.append(host);
}

function listen() {
  source = new EventSource("/__toolcrib/events?page=" + mark);
  source.addEventListener("reload", reload);
  source.addEventListener("mended", () => (isNotice ? reload() : hide()));
  source.addEventListener("style", (event) => {
    const style = JSON.parse(event.data);
    mark = style.mark;
    swap(style.name);
  });
  source.addEventListener("problem", (event) => show(JSON.parse(event.data)));
}

// A hidden page lets its connection go, as a browser has only six for one site; it hears what it missed.
document.addEventListener("visibilitychange", () => {
  source?.close();
  source = null;
  if (!document.hidden) listen();
});

restore();
if (!document.hidden) listen();
