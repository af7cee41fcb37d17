// Fills the card template; whatever people wrote goes through textContent only.

import { boot, fill, mutate, paint, stamp, toast } from "./dom.js";
import { openReply } from "./composer.js";

const MARKS = {
  like: { field: "isLiked", off: "like", on: "unlike", set: "FavoriteTweet", unset: "UnfavoriteTweet" },
  repost: { field: "isReposted", off: "retweet", on: "unretweet", set: "CreateRetweet", unset: "DeleteRetweet" },
  bookmark: { field: "isBookmarked", off: "bookmark", on: "removeBookmark", set: "CreateBookmark", unset: "DeleteBookmark" },
};

export function makeCard(card) {
  const article = stamp("post");
  const part = (name) => article.querySelector(`[data-part="${name}"]`);
  fillFace(article, card);
  for (const link of article.querySelectorAll('[data-part="author"]')) link.href = `/${card.handle}`;
  if (card.context) part("context").textContent = card.context;
  else part("context").remove();
  if (card.replyingTo) setReplying(part("replying"), card.replyingTo);
  else part("replying").remove();
  if (card.quoted) fillQuoted(part("quoted"), card.quoted);
  else part("quoted").remove();
  if (card.isFocal) fillFocal(article, card);
  else part("meta").remove();
  fillActions(article, card);
  if (!card.isPromoted) {
    part("ad").remove();
    return article;
  }
  for (const timed of article.querySelectorAll('[data-part="timed"], [data-part="link"]')) timed.remove();
  const tracked = document.createElement("div");
  tracked.dataset.testid = "placementTracking";
  tracked.append(article);
  return tracked;
}

export function makeCell(account) {
  const cell = stamp("user-cell");
  const part = (name) => cell.querySelector(`[data-part="${name}"]`);
  fill(cell, account);
  paint(cell.querySelector(".avatar"), account);
  for (const link of cell.querySelectorAll('[data-part="link"]')) link.href = `/${account.handle}`;
  if (account.bio) part("bio").textContent = account.bio;
  else part("bio").remove();
  if (account.handle.toLowerCase() === boot.viewer?.handle.toLowerCase()) cell.querySelector(".badge").remove();
  return cell;
}

export function setReplying(line, handle) {
  const link = line.querySelector("a");
  link.href = `/${handle}`;
  link.textContent = `@${handle}`;
}

function fillFace(root, card) {
  fill(root.querySelector('[data-testid="User-Name"]'), card);
  paint(root.querySelector(".avatar"), card);
  root.querySelector('[data-testid="tweetText"] > span').textContent = card.text;
  const link = root.querySelector('[data-part="link"], [data-part="quoted-link"]');
  link.href = card.path;
  setTime(link.firstElementChild, card, card.age);
}

function fillQuoted(box, quoted) {
  fillFace(box, quoted);
  box.addEventListener("click", (event) => {
    event.stopPropagation();
    location.assign(quoted.path);
  });
}

function fillFocal(article, card) {
  article.classList.add("focal");
  article.querySelector('[data-part="link"]').remove();
  article.querySelector('[data-part="timed"]').remove();
  const date = article.querySelector('[data-part="date"]');
  date.href = card.path;
  setTime(date.firstElementChild, card, card.date);
  const views = article.querySelector('[data-part="views-line"]');
  views.href = `${card.path}/analytics`;
  views.setAttribute("aria-label", `${card.viewsLabel}. View post analytics`);
  views.querySelector("b").textContent = card.viewsLine[0];
  views.querySelector("span > span").textContent = card.viewsLine[1];
}

function setTime(time, card, words) {
  time.dateTime = card.datetime;
  time.textContent = words;
}

function fillActions(article, card) {
  const group = article.querySelector('[role="group"]');
  group.setAttribute("aria-label", card.actionsLabel);
  for (const control of group.children) {
    const action = control.dataset.action;
    const [label, number] = card.actions[action];
    control.setAttribute("aria-label", action === "views" ? `${card.viewsLabel}. View post analytics` : label);
    const shown = control.querySelector('[data-testid="app-text-transition-container"]');
    if (shown) shown.textContent = number;
    const mark = MARKS[action];
    if (mark) {
      control.dataset.testid = card[mark.field] ? mark.on : mark.off;
      control.onclick = () => toggle(article, card, mark);
    }
  }
  const [reply, , , views] = group.children;
  reply.onclick = () => (boot.viewer ? openReply(card) : location.assign("/i/flow/login"));
  if (card.isFocal) views.remove();
  else views.href = `${card.path}/analytics`;
}

async function toggle(article, card, mark) {
  if (!boot.viewer) {
    location.assign("/i/flow/login");
    return;
  }
  const { answer } = await mutate(card[mark.field] ? mark.unset : mark.set, { tweet_id: card.id });
  if (answer.errors) toast("Something went wrong. Try reloading.");
  else refill(article, card, answer.data.card);
}

function refill(article, card, fresh) {
  for (const name of ["actions", "actionsLabel", "isLiked", "isReposted", "isBookmarked"]) card[name] = fresh[name];
  const group = article.querySelector('[role="group"]');
  const blank = stamp("post").querySelector('[role="group"]');
  group.replaceWith(blank);
  fillActions(article, card);
}
