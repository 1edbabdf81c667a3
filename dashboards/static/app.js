// Draws the figures of a page and keeps it as new as the study: everything else is in the HTML.
import { draw, forget, redraw } from "./figures.js";

const EVERY = 3000; // milliseconds between two questions
const SLOWEST = 30000;
let tag = null; // of what is shown, as the server said it
let wait = EVERY;

// Replace each live part that has changed, but for one that somebody is using.
function take(page) {
  let changed = 0;
  for (const fresh of page.querySelectorAll("[data-live]")) {
    const shown = document.getElementById(fresh.id);
    if (!shown) return location.reload(); // a part that was not there before
    if (shown.innerHTML === fresh.innerHTML || shown.contains(document.activeElement)) continue;
    const open = [...shown.querySelectorAll("details")].map((each) => each.open);
    shown.replaceChildren(...fresh.cloneNode(true).childNodes);
    shown.querySelectorAll("details").forEach((each, i) => { if (i in open) each.open = open[i]; });
    changed += 1;
  }
  const [old, fresh] = [document, page].map((each) => each.querySelector("[data-figures]"));
  if (old && fresh) takeFigures(old, fresh);
  if (changed) say("updated");
}

function takeFigures(old, fresh) {
  const names = (each) => [...each.querySelectorAll("figure")].map((one) => one.dataset.figure).join();
  if (names(old) !== names(fresh)) {
    old.querySelectorAll("figure").forEach(forget);
    old.replaceChildren(...fresh.cloneNode(true).childNodes);
    return draw(old);
  }
  const tags = fresh.querySelectorAll("figure");
  old.querySelectorAll("figure").forEach((figure, i) => redraw(figure, tags[i].dataset.tag));
}

function say(words) {
  document.getElementById("live").textContent = words;
}

async function ask() {
  if (document.hidden) return;
  try {
    const headers = { Accept: "text/html", ...(tag ? { "If-None-Match": tag } : {}) };
    const answer = await fetch(location.href, { headers, cache: "no-store", redirect: "error" });
    if (answer.status === 304) return void (wait = EVERY);
    if (!answer.ok) throw new Error(answer.status);
    const first = tag === null;
    tag = answer.headers.get("ETag");
    take(new DOMParser().parseFromString(await answer.text(), "text/html"));
    if (first) say("live");
    wait = EVERY;
  } catch {
    wait = Math.min(2 * wait, SLOWEST);
    say("the server does not answer");
  }
}

async function keepUp() {
  await ask();
  setTimeout(keepUp, wait);
}

// "/" goes to what can be typed into, as people are used to.
addEventListener("keydown", (event) => {
  const field = document.querySelector("[data-focus]");
  if (event.key !== "/" || !field || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  event.preventDefault();
  field.focus();
});

// A choice shows at once what it asks for; the button is there for whoever has no script.
for (const select of document.querySelectorAll("form[role=search] select")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
draw(document);
if (document.querySelector("[data-live]")) keepUp();
