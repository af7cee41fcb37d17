// Reads the head of a profile once the number of followers is there, or the page says one of `verdicts` in its place.
async ({ selectors, verdicts, ...pace }, { plain, finder, arrive }) => {
  const { all, drift, missing, atEnd } = finder(selectors);

  const words = (name) => all(name)[0]?.textContent ?? null;

  const snapshot = () => {
    drift.clear();
    const [bio] = all("profile.bio");
    return {
      followers: words("profile.followers"),
      following: words("profile.following"),
      bio: bio ? plain(bio).trim() : "",
      missing: missing(),
      atEnd: atEnd(),
      drift: [...drift],
    };
  };

  const isEnough = ({ followers, missing }) =>
    followers !== null || verdicts.some((verdict) => missing?.toLowerCase().includes(verdict));
  return arrive(pace, snapshot, isEnough);
}
