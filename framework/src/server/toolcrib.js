// Forms that answer in place. Without this script each of them loads a page.
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
