// What the scripts that read a page share; `script.py` hands it to them as their second argument.
(() => {
  // Text as people wrote it: emoji are pictures there, and a line break is an element.
  const plain = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      return node.data;
    }
    if (node.nodeName === "IMG") {
      return node.alt;
    }
    return node.nodeName === "BR" ? "\n" : [...node.childNodes].map(plain).join("");
  };

  // Finds elements by the selectors' names, the trusted option first, and notes in `drift` what only a fallback found.
  const finder = (selectors) => {
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
    const missing = () => document.querySelector(selectors["page.missing"].join(", "))?.textContent.trim() ?? null;
    // Whether the page's end is in sight, and nothing says that more is on its way.
    const atEnd = () =>
      scrollY + innerHeight >= document.documentElement.scrollHeight - 2 &&
      document.querySelector(selectors["page.progress"].join(", ")) === null;
    return { all, drift, missing, atEnd };
  };

  // Scrolls down by most of a window; with `last`, an element, so far that it stands on top if that is further. What
  // lies between two windows must not be passed over, and what has been read may.
  const advance = (last) => {
    const further = last ? last.getBoundingClientRect().top : 0;
    window.scrollBy(0, Math.max(window.innerHeight * 0.8, further));
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

  // Resolves to a snapshot once `isEnough(snapshot)` and the page has come to rest. Waits at most `waitMs` for the first,
  // of which at most `endMs` at the end of the page, and at most `settleMs` for the second.
  const arrive = async ({ waitMs, endMs, quietMs, settleMs }, snapshot, isEnough) => {
    const began = performance.now();
    for (let result = snapshot(); !isEnough(result); result = snapshot()) {
      const rest = began + (result.atEnd ? Math.min(endMs, waitMs) : waitMs) - performance.now();
      if (rest <= 0) {
        return result;
      }
      await change(rest);
    }
    // The first of several must not be taken for all of them: a gap would pass for the absence of a post.
    const settled = performance.now() + settleMs;
    while (performance.now() < settled && (await change(quietMs)));
    return snapshot();
  };

  return { plain, finder, advance, arrive };
})()
