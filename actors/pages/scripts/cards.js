// Reads all cards in the document, optionally after one scroll. Waits until a card with an id that is not in `known`
// is there, or the element that says there is nothing, and then until the page has come to rest; at most `waitMs`
// for the first and `settleMs` for the second. With `press`, an id, it reads nothing but clicks the reply control of the
// card that carries this id, found and clicked in one task, and tells how that went.
async ({ selectors, known, waitMs, quietMs, settleMs, scroll, press }) => {
  const drift = new Set();

  const all = (name, root = document, keep = () => true) => {
    for (const [index, option] of selectors[name].entries()) {
      const found = [...root.querySelectorAll(option)].filter(keep);
      if (found.length) {
        if (index > 0) {
          drift.add(`${name}#${index}`);
        }
        return found;
      }
    }
    return [];
  };

  const boundaries = [...selectors["card"], ...selectors["card.quote"]].join(", ");

  // A quoted post sits inside the card that quotes it: only what has the card itself as its nearest boundary is its own.
  const own = (name, card) => all(name, card, (element) => element.parentElement.closest(boundaries) === card);

  const plain = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      return node.data;
    }
    if (node.nodeName === "IMG") {
      return node.alt;
    }
    return node.nodeName === "BR" ? "\n" : [...node.childNodes].map(plain).join("");
  };

  // Two different links of its own mean that a quote was not recognised: then the card is nobody's.
  const identity = (card) => {
    const links = own("card.link", card)
      .map((link) => /^\/(\w{1,20})\/status\/(\d{15,20})(?:\/|$)/.exec(new URL(link.href).pathname))
      .filter((match) => match !== null);
    const ids = new Set(links.map((match) => match[2]));
    return ids.size === 1 ? { id: links[0][2], author: links[0][1] } : { id: null, author: null };
  };

  const figure = (name, card) => {
    const [element] = own(name, card);
    return element ? { label: element.getAttribute("aria-label"), text: element.textContent } : null;
  };

  // What people wrote, texts and names, must not pass for what the site says.
  const written = [...selectors["card.text"], ...selectors["card.name"]].join(", ");

  const spelled = (pattern, card) => {
    for (const element of card.querySelectorAll("span, div")) {
      if (element.closest(boundaries) !== card || element.closest(written) !== null) {
        continue;
      }
      const match = pattern.exec(element.textContent.trim());
      if (match) {
        return match[1];
      }
    }
    return null;
  };

  const read = (card) => {
    const [text] = own("card.text", card);
    const [context] = own("card.context", card);
    const [summary] = own("card.summary", card);
    const views = spelled(/^([\d.,]+\s?[KMB]?)\s+Views?$/i, card);
    return {
      ...identity(card),
      text: text ? plain(text) : null,
      context: context ? context.textContent.trim() : "",
      replyingTo: spelled(/^Replying to\s*@(\w{1,20})/, card),
      summary: summary ? summary.getAttribute("aria-label") : null,
      figures: {
        likes: figure("card.likes", card),
        reposts: figure("card.reposts", card),
        replies: figure("card.replies", card),
        bookmarks: figure("card.bookmarks", card),
        views: figure("card.views", card) ?? (views && { label: null, text: views }),
      },
    };
  };

  const present = () => all("card").filter((card) => !card.closest(selectors["card.promoted"].join(", ")));

  const pressed = () => {
    const card = present().find((each) => identity(each).id === press);
    if (!card) {
      return "gone";
    }
    const [control] = own("card.replies", card);
    if (!control) {
      return "bare";
    }
    if (control.disabled || control.getAttribute("aria-disabled") === "true") {
      return "disabled";
    }
    control.click();
    return "pressed";
  };

  const snapshot = () => {
    drift.clear();
    const cards = present();
    const [missing] = document.querySelectorAll(selectors["page.missing"].join(", "));
    return { cards: cards.map(read), missing: missing ? missing.textContent.trim() : null, drift: [...drift] };
  };

  // Resolves to whether the document changed within the time.
  const change = (limitMs) =>
    new Promise((resolve) => {
      const finish = (changed) => {
        observer.disconnect();
        clearTimeout(timer);
        resolve(changed);
      };
      const observer = new MutationObserver(() => finish(true));
      const timer = setTimeout(() => finish(false), limitMs);
      observer.observe(document, { childList: true, subtree: true, attributes: true, characterData: true });
    });

  if (press) {
    return pressed();
  }
  if (scroll) {
    window.scrollBy(0, window.innerHeight * 0.8);
  }
  const seen = new Set(known);
  const deadline = performance.now() + waitMs;
  for (let result = snapshot(); ; result = snapshot()) {
    const isFresh = result.cards.some((card) => card.id !== null && !seen.has(card.id));
    if (isFresh || result.missing !== null) {
      break;
    }
    if (performance.now() >= deadline) {
      return result;
    }
    await change(deadline - performance.now());
  }
  // The first of several cards must not be taken for all of them: a gap would pass for the absence of a post.
  const settled = performance.now() + settleMs;
  while (performance.now() < settled && (await change(quietMs)));
  return snapshot();
}
