// Loads the panels of a client card, all at the same time. Without this script each panel is a link. What others change
// is loaded again by the framework's script.

const message = (text, ...more) => {
  const paragraph = document.createElement("p");
  paragraph.className = "panel__message";
  paragraph.append(text, ...more);
  return paragraph;
};

const signInLink = () => {
  const link = document.createElement("a");
  link.href = `/login?next=${encodeURIComponent(location.pathname)}`;
  link.textContent = "Sign in again";
  return link;
};

const retryButton = (panel) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button--quiet";
  button.textContent = "Try again";
  button.addEventListener("click", () => load(panel, shown(panel)));
  return button;
};

const bodyOf = (panel) => panel.querySelector("[data-panel-body]");

// The address of what a panel shows: its own, or that of one kind of activities.
const shown = (panel) =>
  panel.querySelector("a[data-panel-link][aria-current]")?.getAttribute("href") ?? panel.dataset.panel;

const request = (href) =>
  fetch(href, { headers: { "X-Requested-With": "fetch", Accept: "text/html" }, credentials: "same-origin" });

// The server escapes what it puts into a fragment; parsing it as a document of its own runs nothing.
const parsed = (html) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  return page.querySelector("[data-tracking-id], [data-panel-content]");
};

const fail = (panel, text) => {
  const box = document.createElement("div");
  box.className = "panel__failed";
  box.setAttribute("role", "alert");
  box.append(message(text), retryButton(panel));
  bodyOf(panel).replaceChildren(box);
};

const load = async (panel, href) => {
  const body = bodyOf(panel);
  panel.setAttribute("aria-busy", "true");
  if (!body.querySelector("[data-tracking-id], [data-panel-content]")) body.replaceChildren(message("Loading …"));
  try {
    const answer = await request(href);
    if (answer.status === 401) {
      body.replaceChildren(message("You have been signed out. ", signInLink(), "."));
      return;
    }
    const content = answer.ok ? parsed(await answer.text()) : null;
    if (content) {
      put(body, content);
    } else if (answer.status === 503) {
      fail(panel, "This panel is busy right now.");
    } else if (answer.status === 404) {
      fail(panel, "This client is no longer there.");
    } else {
      fail(panel, "This panel could not be loaded.");
    }
  } catch {
    fail(panel, "The server could not be reached.");
  } finally {
    panel.removeAttribute("aria-busy");
  }
};

// A form beside the rows may be half filled in: only they are exchanged.
const put = (body, content) => {
  const rows = body.querySelector("[data-rows]");
  const fresh = content.querySelector("[data-rows]");
  if (rows && fresh) rows.replaceWith(fresh);
  else body.replaceChildren(content);
};

// Older rows go below those that are there, and the focus to the first of them.
const more = async (link) => {
  const rows = link.closest("[data-rows]");
  rows.setAttribute("aria-busy", "true");
  try {
    const answer = await request(link.href);
    const content = answer.ok ? parsed(await answer.text()) : null;
    if (!content) throw new Error(String(answer.status));
    const added = [...content.querySelectorAll("ol.rows > li")];
    rows.querySelector("ol.rows")?.append(...added);
    const next = content.querySelector("[data-panel-older]");
    if (next) link.replaceWith(next);
    else link.parentElement.remove();
    added[0]?.setAttribute("tabindex", "-1");
    added[0]?.focus();
  } catch {
    // The link still leads there as a page.
    location.assign(link.href);
  } finally {
    rows.removeAttribute("aria-busy");
  }
};

document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-panel-link], a[data-panel-older]");
  const panel = link?.closest("[data-panel]");
  if (!panel || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if ("panelOlder" in link.dataset) {
    await more(link);
    return;
  }
  const href = link.getAttribute("href");
  await load(panel, href);
  panel.querySelector(`a[href="${CSS.escape(href)}"]`)?.focus();
});

document.querySelectorAll("[data-panel]").forEach((panel) => void load(panel, panel.dataset.panel));
