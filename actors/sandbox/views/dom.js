// Small doors to the page: templates, the API, and the one toast.

const TOAST_MS = 3500;
let toastTimer = 0;

export const boot = JSON.parse(document.body.dataset.boot);

// Whether this page has been told to suffer a fault.
export function suffers(fault) {
  return boot.faults.includes(fault);
}

export function stamp(name) {
  return document.getElementById(name).content.firstElementChild.cloneNode(true);
}

export function stampAll(name) {
  return document.getElementById(name).content.cloneNode(true);
}

export function fill(root, account) {
  for (const place of root.querySelectorAll('[data-fill="name"]')) place.textContent = account.name;
  for (const place of root.querySelectorAll('[data-fill="handle"]')) place.textContent = `@${account.handle}`;
}

export function paint(avatar, account) {
  avatar.textContent = account.initial ?? account.name[0];
  const tone = account.tone ?? [...account.handle].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 8;
  avatar.classList.add(`tone-${tone}`);
}

function address(operation) {
  const hash = btoa(`${operation}-commons`).replace(/\W/g, "").slice(0, 22);
  return [`/i/api/graphql/${hash}/${operation}`, hash];
}

// What the site says in place of an answer to a question.
export class Refusal extends Error {}

export async function query(operation, variables) {
  const [path] = address(operation);
  const response = await fetch(`${path}?variables=${encodeURIComponent(JSON.stringify(variables))}`);
  const answer = await response.json();
  if (response.status === 429) throw new Refusal(answer.errors[0].message);
  return answer;
}

// How to say that a question was not answered: title and words.
export function apology(error) {
  if (error instanceof Refusal) return [error.message, "Wait a few moments, then try again."];
  return ["Something went wrong. Try reloading.", ""];
}

// Resolves to the answer and how the site wants it announced; rejects when no answer came.
export async function mutate(operation, variables) {
  const [path, queryId] = address(operation);
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ variables, queryId }),
  });
  const notice = response.headers.get("X-Notice") ?? "after 0 s";
  return {
    answer: await response.json(),
    isSilent: notice === "none",
    afterMs: 1000 * Number.parseFloat(notice.replace("after ", "")),
    link: response.headers.get("X-Notice-Link"),
  };
}

export function toast(message, link) {
  document.querySelector('[data-testid="toast"]')?.remove();
  clearTimeout(toastTimer);
  const box = document.createElement("div");
  box.className = "toast";
  box.dataset.testid = "toast";
  box.setAttribute("role", "alert");
  const words = document.createElement("span");
  words.textContent = message;
  box.append(words);
  if (link) {
    const view = document.createElement("a");
    view.href = link;
    view.setAttribute("role", "link");
    view.textContent = "View";
    box.append(view);
  }
  document.getElementById("layers").append(box);
  toastTimer = setTimeout(() => box.remove(), TOAST_MS);
}
