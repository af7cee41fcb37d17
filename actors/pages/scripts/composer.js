// Reads the composer, and with `submit` clicks its button: the one place where something is published.
// Everything that could forbid the click is looked at in the same task as the click, so nothing can come in between.
({ textbox, button, submit }) => {
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

  const box = document.querySelector(textbox);
  const text = box && plain(box);
  if (!submit) {
    return { text, verdict: "read" };
  }
  const element = document.querySelector(button);
  if (box === null || element === null) {
    return { text, verdict: "gone" };
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
