// Reads the composer, and with `submit` clicks its button: the one place where something is published.
// Everything that could forbid the click is looked at in the same task as the click, so nothing can come in between.
({ textbox, button, target, submit }) => {
  const isBlock = (node) => node.nodeName === "DIV" || node.nodeName === "P";

  // An editor writes a line break as a new block, as <br> or as a newline; a <br> that ends a block only props it open.
  const plain = (node) => {
    let text = "";
    for (const child of node.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) {
        text += child.data;
      } else if (child.nodeName === "BR") {
        text += child.nextSibling === null ? "" : "\n";
      } else {
        text += isBlock(child) && child.previousSibling !== null ? "\n" : "";
        text += plain(child);
      }
    }
    return text;
  };

  // Whom the dialog says that it answers: its own line, not one of the card that it shows.
  const answered = (dialog) => {
    for (const line of dialog.querySelectorAll(target.line)) {
      const isOfCard = line.closest(target.card) !== null || line.querySelector(target.card) !== null;
      const match = !isOfCard && /^Replying to\s*@(\w{1,20})/.exec(line.textContent.trim());
      if (match && line.closest("[contenteditable]") === null) {
        return match[1];
      }
    }
    return null;
  };

  const aim = (dialog) => {
    if (target === null) {
      return "none";
    }
    const author = dialog && answered(dialog);
    if (!author) {
      return "unknown";
    }
    // The card that it shows need not carry its link; if it does, it must be the right one.
    const shown = [...dialog.querySelectorAll(target.link)]
      .filter((link) => link.closest(`${target.card}, ${target.quote}`)?.matches(target.card))
      .map((link) => /\/status\/(\d{15,20})/.exec(link.pathname)?.[1]);
    const isRight = author.toLowerCase() === target.author.toLowerCase();
    return isRight && (shown.length === 0 || shown.includes(target.id)) ? "target" : "other";
  };

  const box = document.querySelector(textbox);
  const text = box && plain(box);
  const root = target === null ? document : box && box.closest(target.dialog);
  if (!submit) {
    return { text, verdict: "read", aim: aim(root) };
  }
  const element = root && root.querySelector(button);
  if (box === null || !element) {
    return { text, verdict: "gone" };
  }
  if (target !== null && aim(root) !== "target") {
    return { text, verdict: "target" };
  }
  if (text !== submit.text) {
    return { text, verdict: "changed" };
  }
  if (element.disabled || element.getAttribute("aria-disabled") === "true") {
    return { text, verdict: "disabled" };
  }
  if (Date.now() > submit.notAfter) {
    return { text, verdict: "late" };
  }
  element.click();
  return { text, verdict: "clicked" };
}
