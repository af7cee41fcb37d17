// The place to write: inline on the home page, in a dialog everywhere else.

import { boot, mutate, paint, stamp, suffers, toast } from "./dom.js";
import { makeCard, setReplying } from "./card.js";

const LIMIT = 280;
const LINK_LENGTH = 23;
const LIGHT = [[0, 4351], [8192, 8205], [8208, 8223], [8242, 8247]];
const LINK = /https?:\/\/\S+/gu;
const EMOJI = /\p{Extended_Pictographic}(?:\uFE0F|\p{EMod})?(?:\u200D\p{Extended_Pictographic}(?:\uFE0F|\p{EMod})?)*/gu;

export function makeComposer({ button, placeholder, label, replyTo = null, onSent = () => {} }) {
  const root = stamp("composer");
  const editor = root.querySelector('[role="textbox"]');
  const hint = root.querySelector(".placeholder");
  const left = root.querySelector(".left");
  const submit = root.querySelector("button");
  const replying = root.querySelector('[data-part="replying"]');
  let isSending = false;

  paint(root.querySelector(".avatar"), boot.viewer);
  submit.dataset.testid = suffers("renamed_testid") ? `${button}V2` : button;
  submit.firstElementChild.textContent = label;
  hint.textContent = placeholder;
  if (replyTo) setReplying(replying, replyTo.handle);
  else replying.remove();

  function refresh() {
    const text = read(editor);
    const room = LIMIT - weigh(text);
    hint.hidden = editor.textContent !== "" || editor.children.length > 1;
    left.textContent = text && room < 60 ? String(room) : "";
    left.classList.toggle("over", room < 0);
    const isReady = text.trim() !== "" && room >= 0 && !isSending;
    submit.disabled = !isReady;
    if (isReady) submit.removeAttribute("aria-disabled");
    else submit.setAttribute("aria-disabled", "true");
  }

  async function send() {
    if (submit.disabled) return;
    const variables = { tweet_text: read(editor).trim() };
    if (replyTo) variables.reply = { in_reply_to_tweet_id: replyTo.id, exclude_reply_user_ids: [] };
    isSending = true;
    refresh();
    try {
      const { answer, isSilent, afterMs, link } = await mutate("CreateTweet", variables);
      if (answer.errors) {
        toast(refusal(answer.errors[0]));
      } else {
        editor.replaceChildren();
        const id = answer.data.create_tweet.tweet_results.result?.rest_id;
        const announce = () => toast("Your post was sent.", link ?? `/${boot.viewer.handle}/status/${id}`);
        if (afterMs > 0) setTimeout(announce, afterMs);
        else if (!isSilent) announce();
        onSent();
      }
    } catch {
      toast("Something went wrong, but don’t fret — let’s give it another shot.");
    }
    isSending = false;
    refresh();
  }

  if (suffers("text_dropped")) loseLetters(editor);
  editor.addEventListener("input", refresh);
  editor.addEventListener("paste", (event) => {
    event.preventDefault();
    document.execCommand("insertText", false, event.clipboardData.getData("text/plain"));
  });
  editor.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
  });
  submit.addEventListener("click", send);
  refresh();
  return root;
}

export function openComposer(options = {}) {
  const layer = stamp("dialog");
  const dialog = layer.querySelector('[role="dialog"]');
  const close = () => {
    layer.remove();
    removeEventListener("keydown", onKey);
    options.onClose?.();
  };
  const onKey = (event) => event.key === "Escape" && close();
  const { replyTo } = options;
  if (replyTo) {
    const original = document.createElement("div");
    original.className = "original";
    original.append(makeCard({ ...replyTo, isFocal: false, context: "", replyingTo: "" }));
    dialog.append(original);
  }
  dialog.append(makeComposer({
    button: "tweetButton",
    label: replyTo ? "Reply" : "Post",
    placeholder: replyTo ? "Post your reply" : "What is happening?!",
    replyTo,
    onSent: close,
  }));
  layer.querySelector('[data-testid="app-bar-close"]').addEventListener("click", close);
  layer.querySelector('[data-testid="mask"]').addEventListener("click", close);
  addEventListener("keydown", onKey);
  document.getElementById("layers").append(layer);
  dialog.querySelector('[role="textbox"]').focus();
}

export function openReply(card) {
  openComposer({ replyTo: card });
}

// Takes away the last letter of what is first put into the empty box.
function loseLetters(editor) {
  let hasLost = false;
  let isLosing = false;
  editor.addEventListener("input", (event) => {
    if (isLosing) return;
    if (event.inputType.startsWith("insert") && !hasLost) {
      hasLost = true;
      isLosing = true;
      document.execCommand("delete");
      isLosing = false;
    } else if (read(editor) === "") {
      hasLost = false;
    }
  });
}

// Each block of the editor is a line of the text. A break ends a line too, unless it only props an empty block open.
function read(editor) {
  const isBlock = (node) => node?.nodeName === "DIV" || node?.nodeName === "P";
  let text = "";
  const walk = (parent) => {
    for (const node of parent.childNodes) {
      if (node.previousSibling && (isBlock(node) || isBlock(node.previousSibling))) text += "\n";
      if (node.nodeType === Node.TEXT_NODE) text += node.data;
      else if (node.nodeName !== "BR") walk(node);
      else if (node.nextSibling && !isBlock(node.nextSibling)) text += "\n";
    }
  };
  walk(editor);
  return text.replace(/\u00A0/g, " ");
}

function weigh(text) {
  let weight = 0;
  const shortened = text.normalize("NFC").replace(LINK, () => ((weight += LINK_LENGTH), ""));
  const plain = shortened.replace(EMOJI, () => ((weight += 2), ""));
  for (const letter of plain) {
    const code = letter.codePointAt(0);
    weight += LIGHT.some(([first, last]) => first <= code && code <= last) ? 1 : 2;
  }
  return weight;
}

function refusal({ code, message }) {
  return code === 187 ? "Whoops! You already said that." : message;
}
