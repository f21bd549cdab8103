// Keeps the figures of an example current. Without this script "Look again" does the same.

const EVERY = 2000;
const AFTER_A_FAILURE = 10000;

const live = document.querySelector("[data-live]");

// Without cookies: a page that is only left open does not keep a session alive.
const look = async () => {
  const answer = await fetch(location.pathname, {
    headers: { "X-Requested-With": "fetch", Accept: "text/html" },
    credentials: "omit",
    cache: "no-store",
  });
  if (!answer.ok) {
    return false;
  }
  // The server escapes what it puts into a fragment; parsing it as a document of its own runs nothing.
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const content = page.querySelector("[data-live-content]");
  const shown = live.querySelector("[data-live-content]");
  // What has not changed stays: whoever has just marked a text keeps it marked.
  if (content && shown && content.outerHTML !== shown.outerHTML) {
    shown.replaceWith(content);
  }
  return Boolean(content);
};

const keepLooking = async () => {
  const fine = document.hidden || (await look().catch(() => false));
  setTimeout(keepLooking, fine ? EVERY : AFTER_A_FAILURE);
};

if (live) {
  setTimeout(keepLooking, EVERY);
}
