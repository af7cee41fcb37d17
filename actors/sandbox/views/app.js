// Wakes the page up some time after it has loaded, and shows the view that its address names.

import { apology, boot, fill, paint, query, stamp, stampAll, suffers } from "./dom.js";
import { makeCard, makeCell } from "./card.js";
import { makeComposer, openComposer } from "./composer.js";
import { Timeline, emptyState } from "./timeline.js";

const HYDRATION_MS = [150, 400];
const { view, viewer } = boot;

const NOBODY = ["This account doesn’t exist", "Try searching for another."];

const VIEWS = {
  home(column) {
    column.append(bar("Home"));
    if (viewer) {
      column.append(makeComposer({ button: "tweetButtonInline", label: "Post", placeholder: "What is happening?!" }));
    }
    listOf(column, "HomeTimeline", {});
    if (view.isComposing) openComposer({ onClose: () => history.replaceState(null, "", "/home") });
  },

  search(column) {
    column.append(bar(view.q ? `Results for “${view.q}”` : "Explore"));
    const at = (order) => `/search?q=${encodeURIComponent(view.q)}&src=typed_query&f=${order}`;
    column.append(tabs([["Top", at("top"), view.f !== "live"], ["Latest", at("live"), view.f === "live"]]));
    document.querySelector('[data-testid="SearchBox_Search_Input"]').value = view.q;
    listOf(column, "SearchTimeline", { q: view.q, f: view.f }, [`No results for “${view.q}”`, "Try searching for something else."]);
  },

  async status(column) {
    column.append(bar("Post"));
    const missing = ["Hmm...this page doesn’t exist.", "Try searching for something else."];
    const list = await listOf(column, "TweetDetail", { id: view.id }, missing);
    const focal = list.entries.find((entry) => entry.isFocal);
    if (focal && !location.pathname.endsWith("/analytics")) history.replaceState(null, "", focal.path);
  },

  async profile(column) {
    const operation = view.withReplies ? "UserTweetsAndReplies" : "UserTweets";
    let first;
    try {
      first = (await query(operation, { handle: view.handle })).data;
    } catch (error) {
      column.append(bar("Profile"), emptyState(...apology(error)));
      return;
    }
    if (!first.account) {
      column.append(bar("Profile"), emptyState(...NOBODY));
      return;
    }
    const { account } = first;
    const home = `/${account.handle}`;
    document.title = `${account.name} (@${account.handle}) / Commons`;
    column.append(bar(account.name), profileHead(account));
    column.append(tabs([["Posts", home, !view.withReplies], ["Replies", `${home}/with_replies`, view.withReplies]]));
    listOf(column, operation, { handle: account.handle }, ["Nothing here yet", "When there are posts, they show up here."], first);
  },

  async followers(column) {
    let first;
    try {
      first = (await query("Followers", { handle: view.handle })).data;
    } catch (error) {
      column.append(bar("Followers"), emptyState(...apology(error)));
      return;
    }
    if (!first.account) {
      column.append(bar("Followers"), emptyState(...NOBODY));
      return;
    }
    const { account } = first;
    const home = `/${account.handle}`;
    document.title = `People following ${account.name} (@${account.handle}) / Commons`;
    column.append(bar(account.name, `@${account.handle} · ${account.followers} ${account.followersNoun}`));
    column.append(tabs([["Posts", home, false], ["Followers", `${home}/followers`, true]]));
    const empty = first.isShown
      ? ["Looking for followers?", "When somebody follows this account, they show up here."]
      : ["These followers are not shown", "Commons shows an account’s followers to itself only."];
    listOf(column, "Followers", { handle: account.handle }, empty, first, makeCell);
  },

  nowhere(column) {
    column.append(bar("Post"), emptyState("Hmm...this page doesn’t exist.", "Try searching for something else."));
  },
};

// Shows a list and resolves to it when its first page is there.
async function listOf(column, operation, variables, empty, first = null, make = makeCard) {
  let ready = first;
  const list = new Timeline(column, {
    make,
    empty,
    async load(cursor) {
      const page = ready ?? (await query(operation, { ...variables, cursor })).data;
      ready = null;
      return page;
    },
  });
  await list.more();
  return list;
}

function bar(title, words = "") {
  const box = document.createElement("div");
  box.className = "bar";
  const heading = document.createElement("h1");
  heading.textContent = title;
  box.append(heading);
  if (words) {
    const line = document.createElement("p");
    line.textContent = words;
    box.append(line);
  }
  return box;
}

function tabs(choices) {
  const row = document.createElement("div");
  row.className = "tabs";
  row.setAttribute("role", "tablist");
  for (const [label, address, isSelected] of choices) {
    const tab = document.createElement("a");
    tab.href = address;
    tab.textContent = label;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-selected", String(isSelected));
    row.append(tab);
  }
  return row;
}

function profileHead(account) {
  const head = stamp("profile-head");
  const part = (name) => head.querySelector(`[data-part="${name}"]`);
  fill(head, account);
  paint(head.querySelector(".avatar"), account);
  head.querySelector('[data-testid="UserDescription"]').textContent = account.bio;
  part("following").href = `/${account.handle}/following`;
  part("following").querySelector("b").textContent = account.following;
  part("followers").href = `/${account.handle}/verified_followers`;
  part("followers").querySelector("b").textContent = account.followers;
  part("noun").textContent = account.followersNoun;
  return head;
}

// Covers the page until its visitor has answered; the answer is kept for the later pages of the session.
function askForConsent() {
  const wall = stamp("consent");
  for (const button of wall.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      document.cookie = `d_prefs=${button.dataset.testid}; path=/; SameSite=Lax`;
      wall.remove();
    });
  }
  document.getElementById("layers").append(wall);
}

function frame() {
  const root = stamp("frame");
  const side = root.querySelector(".side");
  side.append(stampAll(viewer ? "side-nav" : "guest-nav"));
  if (viewer) {
    fill(side, viewer);
    paint(side.querySelector(".avatar"), viewer);
    side.querySelector('[data-testid="AppTabBar_Profile_Link"]').href = `/${viewer.handle}`;
    for (const link of side.querySelectorAll("nav a")) {
      if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
    }
  } else {
    document.getElementById("layers").append(stamp("guest-bar"));
  }
  document.getElementById("root").replaceChildren(root);
  if (suffers("consent_wall")) askForConsent();
  return root.querySelector('[data-testid="primaryColumn"]');
}

const [soonest, latest] = HYDRATION_MS;
setTimeout(() => VIEWS[view.name](frame()), soonest + Math.random() * (latest - soonest));
