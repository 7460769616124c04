// What HTML cannot say by itself; without it every page still works.
"use strict";

// Files that are chosen in a `.drop` or dropped on it join those that are there; one of the same name takes its place.
let chosen = [];
const replacing = new WeakSet();

const choose = (input, files) => {
  const carried = new DataTransfer();
  for (const file of files) carried.items.add(file);
  input.files = carried.files;
  chosen = [...files];
  document.getElementById("chosen").replaceChildren(...chosen.map((file) => removable(input, file)));
};

const removable = (input, file) => {
  const row = document.createElement("li"), name = document.createElement("span"), button = document.createElement("button");
  row.className = "row";
  name.textContent = replacing.has(file) ? `${file.name} (in place of the earlier one)` : file.name;
  button.type = "button";
  button.className = "small";
  button.textContent = "Remove";
  button.ariaLabel = `Remove ${file.name}`;
  button.addEventListener("click", () => {
    const at = chosen.indexOf(file);
    choose(input, chosen.filter((one) => one !== file));
    input.dispatchEvent(new Event("change", { bubbles: true }));
    const buttons = document.querySelectorAll("#chosen button");
    (buttons[at] ?? buttons[at - 1] ?? input).focus();
  });
  row.append(name, button);
  return row;
};

for (const drop of document.querySelectorAll(".drop")) {
  const input = drop.querySelector("input[type=file]");
  input.addEventListener("change", () => {
    const added = [...input.files], earlier = chosen.filter((one) => !added.includes(one));
    for (const file of added) if (earlier.some((one) => one.name === file.name)) replacing.add(file);
    choose(input, [...chosen.filter((one) => !added.some((file) => file.name === one.name)), ...added]);
  });
  const mark = (over) => drop.classList.toggle("over", over);
  drop.addEventListener("dragover", (event) => { event.preventDefault(); mark(true); });
  drop.addEventListener("dragleave", () => mark(false));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(false);
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

// On a phone, what may fold begins folded, so that what follows it is near.
for (const fold of document.querySelectorAll("details[data-folds]")) fold.open = matchMedia("(width >= 55rem)").matches;

// A drawing that is wider than its box is read from its left end, but a round one from its middle.
for (const box of document.querySelectorAll(".drawing")) {
  const image = box.querySelector("img"), isRound = () => image.naturalWidth < 2 * image.naturalHeight;
  image.decode().then(() => { if (isRound()) box.scrollLeft = (box.scrollWidth - box.clientWidth) / 2; }, () => {});
}

// A `[data-copy]` button copies the text of the element it names.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
  button.textContent = "Copied";
});

// What went wrong is told in one place, politely, and only once while it stays the same.
const tell = (text, action) => {
  const region = document.getElementById("told");
  if (region.textContent.startsWith(text)) return;
  const note = document.createElement("p"), says = document.createElement("span");
  note.className = "note warn";
  says.textContent = text;
  note.append(says, " ", ...(action ? [action] : []));
  region.replaceChildren(note);
};

// Parts of pages that look again by themselves (poll.py): not while nobody sees them, and after a failure ever later.
const PATIENCE_MS = [2e3, 4e3, 8e3, 15e3, 30e3, 60e3, 60e3, 60e3];
let failures = 0, isHeldBack = false;

const isLook = (ctx) => ctx.sourceElement.id === "live";
const look = () => {
  const live = document.querySelector("#live[hx-get]");
  if (live) htmx.trigger(live, "look");
};

const lookLater = (why) => {
  const delay = PATIENCE_MS[failures++];
  if (delay) {
    tell(`This page could not be brought up to date: ${why}. It is tried again by itself.`);
    setTimeout(look, delay);
    return;
  }
  const again = document.createElement("button");
  again.className = "small";
  again.textContent = "Look again";
  again.addEventListener("click", () => { failures = 0; look(); });
  tell(`This page is not up to date: ${why}, several times.`, again);
};

document.addEventListener("htmx:before:request", (event) => {
  if (!document.hidden || !isLook(event.detail.ctx)) return;
  event.preventDefault();
  isHeldBack = true;
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden || !isHeldBack) return;
  isHeldBack = false;
  look();
});

// A file that changed on disk after it was chosen can be neither sent nor read; only choosing it again helps.
const outdated = async (input) => {
  const files = [...(input?.files ?? [])];
  const read = await Promise.allSettled(files.map((file) => file.slice(0, 1).arrayBuffer()));
  return files.filter((_, at) => read[at].status === "rejected").map((file) => file.name);
};

const askForFiles = (input, names) => {
  const which = names.length === 1 ? "it" : "them";
  refuseDesigns(`${names.join(", ")} changed on disk after you chose ${which}: choose ${which} again.`,
    "The plan follows when that is done.");
  choose(input, chosen.filter((one) => !names.includes(one.name)));
  input.focus();
};

const refuseDesigns = (why, plan) => {
  const error = document.createElement("li"), empty = document.createElement("p");
  error.textContent = why;
  document.getElementById("designs-errors").replaceChildren(error);
  // The plan is of what was, and its buttons would send something else than it says.
  empty.className = "empty";
  empty.textContent = plan;
  document.getElementById("plan").replaceChildren(empty);
  document.getElementById("found").replaceChildren();
};

// What is larger than may come in at once (`data-most-bytes`) is not sent at all: on its way it would be cut off.
document.addEventListener("htmx:before:request", (event) => {
  const form = event.detail.ctx.request.form, most = Number(form?.dataset.mostBytes);
  const bytes = () => [...new FormData(form).values()].reduce((sum, one) => sum + (one.size ?? new Blob([one]).size), 0);
  if (!most || bytes() <= most) return;
  event.preventDefault();
  refuseDesigns(form.dataset.tooLarge, "The plan follows when the items can be sent.");
});

const fail = async (ctx, why) => {
  if (isLook(ctx)) return lookLater(why);
  const input = ctx.request.form?.querySelector("input[type=file]"), names = await outdated(input);
  if (names.length) return askForFiles(input, names);
  tell(`That did not work: ${why}. What you see is as it was before; try again.`);
};

const REASONS = { 413: "it is too large to be sent in one go", 429: "too much was asked for at once" };
const reason = (status) => REASONS[status] ?? `the platform could not be reached (${status})`;

document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  if (ctx?.request) fail(ctx, "the platform could not be reached");
});

// Only answers of our own get into a page, and of a look only good ones.
document.addEventListener("htmx:before:response", (event) => {
  const { ctx } = event.detail, answer = ctx.response.raw, isOurs = answer.headers.has("Foundry-Page");
  if (isOurs && !answer.redirected && (answer.ok || !isLook(ctx))) return;
  event.preventDefault();
  if (isOurs && answer.redirected) leave(ctx, answer.url);
  else if (isOurs && answer.status === 404) tell("What this page shows is no longer there.");
  else fail(ctx, reason(answer.status));
});
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.target === "#told") return;
  failures = 0;
  document.getElementById("told").replaceChildren();
});

// Whoever is not signed in any more is led there; not from a form, which keeps what is in it.
const leave = (ctx, address) => {
  if (ctx.request.method === "GET") return location.reload();
  const link = document.createElement("a");
  link.href = address;
  link.target = "_blank";
  link.textContent = "Sign in in another tab";
  tell("You are not signed in any more. What you gave is still here.", link);
};
// Signing in gives a new token, which a form from before has not.
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  const token = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1];
  if (token && ctx.request.body.has("csrfmiddlewaretoken")) ctx.request.body.set("csrfmiddlewaretoken", token);
});

// A page that does not look again shows what has ended; a message that something will be done is out of date then.
document.addEventListener("htmx:after:swap", () => {
  if (document.querySelector("#live:not([hx-get])")) document.querySelector("main > .until-ended")?.remove();
});

// The focus stays where it was, or where that has gone, in what took its place.
let focused = null;
document.addEventListener("htmx:before:swap", () => { focused = document.activeElement; });
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (!focused || focused === document.body || document.activeElement !== document.body) return;
  (focused.isConnected ? focused : ctx.target)?.focus?.({ preventScroll: true });
});

// On the way back the browser fills a form in again; its plan follows.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) for (const one of document.querySelectorAll(".htmx-request")) one.classList.remove("htmx-request");
  const designs = document.getElementById("designs"), files = document.getElementById("files");
  if (!designs) return;
  if (!chosen.length) choose(files, files.files);
  if (persisted || designs.value !== designs.defaultValue || files.files.length)
    setTimeout(() => htmx.trigger("#preview", "restored"));
});
