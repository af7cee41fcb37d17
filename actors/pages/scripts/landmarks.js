// Reports which page this is: where it is, whose account it belongs to, and which walls it shows.
// What people wrote is left out, so that no post can pass for a wall.
({ selectors, phrases, written }) => {
  const option = (name) => selectors[name].findIndex((css) => document.querySelector(css) !== null);
  const profile = document.querySelector(selectors["nav.profile"].join(", "));

  const texts = document.createTreeWalker(document.body ?? document, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, {
    acceptNode(node) {
      if (node.nodeType === Node.TEXT_NODE) {
        return NodeFilter.FILTER_ACCEPT;
      }
      return node.matches(`${written}, script, style, [contenteditable]`)
        ? NodeFilter.FILTER_REJECT
        : NodeFilter.FILTER_SKIP;
    },
  });
  const shown = new Set();
  while (texts.nextNode()) {
    const text = texts.currentNode.data.trim();
    phrases.filter((phrase) => text.startsWith(phrase)).forEach((phrase) => shown.add(phrase));
  }

  return {
    path: location.pathname,
    alive: document.querySelector("[data-testid]") !== null,
    profile: profile && profile.getAttribute("href"),
    login: option("wall.login"),
    consent: option("wall.consent"),
    phrases: [...shown],
  };
}
