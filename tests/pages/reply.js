// The reply dialog of a post's page. A test replaces what it wants to go wrong.
const column = document.querySelector("main");
let box = null;
let button = null;

let answered = (card) => {
  const [, author, id] = card.querySelector("a:has(time)").pathname.match(/^\/(\w+)\/status\/(\d+)/);
  return { author, id };
};
let line = (author) => `<div>Replying to <a href="/${author}">@${author}</a></div>`;
let sent = (id) => id;
let opened = () => {};

const toast = (href) => {
  const element = document.createElement("div");
  element.dataset.testid = "toast";
  element.innerHTML = `Your post was sent. <a href="${href}">View</a>`;
  document.body.append(element);
};

const create = async (text, id) => {
  const variables = { tweet_text: text, ...(id && { reply: { in_reply_to_tweet_id: id } }) };
  const body = JSON.stringify({ variables, queryId: "q" });
  const response = await fetch("/i/api/graphql/q/CreateTweet", { method: "POST", body });
  return response.json();
};

const open = (card) => {
  const { author, id } = answered(card);
  const dialog = document.createElement("div");
  dialog.setAttribute("role", "dialog");
  dialog.style = "position: fixed; inset: 0; background: white";
  dialog.innerHTML = `<div>${card.outerHTML}</div>${line(author)}
    <div data-testid="tweetTextarea_0" contenteditable="true" role="textbox" style="white-space: pre-wrap; min-height: 3em"></div>
    <button data-testid="tweetButton" disabled>Reply</button>`;
  document.body.append(dialog);
  box = dialog.querySelector('[role="textbox"]');
  button = dialog.querySelector('[data-testid="tweetButton"]');
  box.addEventListener("input", () => (button.disabled = !box.textContent));
  button.addEventListener("click", async () => {
    const answer = await create([...box.childNodes].map((node) => node.textContent).join("\n"), sent(id));
    if (answer.data) toast(`/us/status/${answer.data.create_tweet.tweet_results.result.rest_id}`);
    dialog.remove();
  });
  opened(dialog);
};

column.addEventListener("click", (event) => {
  const control = event.target.closest('[data-testid="reply"]');
  if (control) open(control.closest("article"));
});
