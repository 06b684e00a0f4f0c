// Keeps a region of a page fresh: asks for the page again and puts the region's new content in the place of the old. Pauses when
// it is asked to, while nobody looks, and when nobody has touched the page for ten minutes: it must not keep a session alive.
"use strict";
(() => {
  const region = document.getElementById("refreshed");
  const button = document.getElementById("pause");
  if (!region || !button) return;
  const patience = 10 * 60 * 1000;
  let touched = Date.now();
  let paused = false;

  const pause = (wanted) => {
    paused = wanted;
    button.textContent = paused ? button.dataset.resume : button.dataset.pause;
  };
  const renew = async () => {
    const answer = await fetch(location.href, { credentials: "same-origin", redirect: "error" });
    if (!answer.ok) return pause(true);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("refreshed");
    if (!fresh || region.contains(document.activeElement)) return;
    const open = [...region.querySelectorAll("details")].map((details) => details.open);
    region.replaceChildren(...fresh.childNodes);
    region.querySelectorAll("details").forEach((details, at) => { details.open = Boolean(open[at]); });
    region.dataset.renewed = String(Number(region.dataset.renewed || 0) + 1);
  };

  for (const kind of ["pointerdown", "keydown", "scroll"]) {
    addEventListener(kind, () => { touched = Date.now(); }, { passive: true });
  }
  button.addEventListener("click", () => pause(!paused));
  button.hidden = false;
  setInterval(() => {
    if (paused || document.hidden) return;
    if (Date.now() - touched > patience) return pause(true);
    renew().catch(() => pause(true));
  }, Number(region.dataset.every) * 1000);
})();
