// Loads the panels of a client card, all at the same time. Without this script each panel is a link.

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
  button.addEventListener("click", () => load(panel));
  return button;
};

// The server escapes what it puts into a fragment; parsing it as a document of its own runs nothing.
const parsed = (html) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  return page.querySelector("[data-tracking-id]");
};

const fail = (panel, body, text) => {
  const box = document.createElement("div");
  box.className = "panel__failed";
  box.setAttribute("role", "alert");
  box.append(message(text), retryButton(panel));
  body.replaceChildren(box);
};

const load = async (panel) => {
  const body = panel.querySelector("[data-panel-body]");
  panel.setAttribute("aria-busy", "true");
  body.replaceChildren(message("Loading …"));
  try {
    const answer = await fetch(panel.dataset.panel, {
      headers: { "X-Requested-With": "fetch", Accept: "text/html" },
      credentials: "same-origin",
    });
    if (answer.status === 401) {
      body.replaceChildren(message("You have been signed out. ", signInLink(), "."));
      return;
    }
    const content = answer.ok ? parsed(await answer.text()) : null;
    if (content) {
      body.replaceChildren(content);
    } else if (answer.status === 503) {
      fail(panel, body, "This panel is busy right now.");
    } else if (answer.status === 404) {
      fail(panel, body, "This client is no longer there.");
    } else {
      fail(panel, body, "This panel could not be loaded.");
    }
  } catch {
    fail(panel, body, "The server could not be reached.");
  } finally {
    panel.removeAttribute("aria-busy");
  }
};

document.querySelectorAll("[data-panel]").forEach((panel) => void load(panel));
