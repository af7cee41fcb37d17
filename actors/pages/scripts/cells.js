// Reads whose cells are in a list of accounts, optionally after one scroll, once a handle is there that is not in `known`
// or the element that says there is nothing. A cell that carries no clear handle counts as null.
async ({ selectors, known, scroll, ...pace }, { finder, advance, arrive }) => {
  const { all, drift, missing, atEnd } = finder(selectors);

  // The first link is that of picture and name; those that follow may be in what the account says of itself.
  const handle = (cell) => {
    const [link] = all("cell.link", cell);
    return link ? (/^\/(\w{1,20})\/?$/.exec(new URL(link.href).pathname)?.[1] ?? null) : null;
  };

  const snapshot = () => {
    drift.clear();
    return { handles: all("cell").map(handle), missing: missing(), atEnd: atEnd(), drift: [...drift] };
  };

  const seen = new Set(known);
  if (scroll) {
    advance(all("cell").findLast((cell) => seen.has(handle(cell))));
  }
  const isEnough = ({ handles, missing }) =>
    missing !== null || handles.some((each) => each !== null && !seen.has(each));
  return arrive(pace, snapshot, isEnough);
}
