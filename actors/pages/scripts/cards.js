// Reads all cards in the document, optionally after one scroll. Waits until a card with an id that is not in `known`
// is there, or the element that says there is nothing, and then until the page has come to rest. With `far` the scroll
// starts from the last card that is known. With `press`, an id, it reads nothing but clicks the reply control of the
// card that carries this id, found and clicked in one task, and tells how that went.
async ({ selectors, known, press, scroll, far, ...pace }, { plain, finder, advance, arrive }) => {
  const { all, drift, missing, atEnd } = finder(selectors);

  const boundaries = [...selectors["card"], ...selectors["card.quote"]].join(", ");

  // A quoted post sits inside the card that quotes it: only what has the card itself as its nearest boundary is its own.
  const own = (name, card) => all(name, card, (element) => element.parentElement.closest(boundaries) === card);

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

  const isPromoted = (card) => card.closest(selectors["card.promoted"].join(", ")) !== null;

  const present = () => all("card").filter((card) => !isPromoted(card));

  // What a card without an id can be told by, from one look at the page to the next.
  const mark = (card) => [own("card.name", card)[0], own("card.text", card)[0]].map((part) => part?.textContent).join();

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
    const cards = present().map((card) => ({ ...read(card), mark: mark(card) }));
    const promoted = all("card").filter(isPromoted).map(mark);
    return { cards, promoted, missing: missing(), atEnd: atEnd(), drift: [...drift] };
  };

  if (press) {
    return pressed();
  }
  const seen = new Set(known);
  if (scroll) {
    advance(far ? present().findLast((card) => seen.has(identity(card).id)) : null);
  }
  const isEnough = ({ cards, missing }) =>
    missing !== null || cards.some((card) => card.id !== null && !seen.has(card.id));
  return arrive(pace, snapshot, isEnough);
}
