// Waits for a patient's card: asks the bridge of this machine how its reader stands, shows the words for that, and sends
// the card's signature to this portal as soon as there is one. It decides nothing: words and results are the server's.
"use strict";
(async () => {
  const desk = document.getElementById("reading");
  const form = document.getElementById("check");
  const rest = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  const show = (state) => {
    for (const words of document.querySelectorAll("[data-state]")) {
      words.hidden = words.dataset.state !== state;
    }
  };
  const again = desk.dataset.again === "true";
  const seconds = Number(desk.dataset.seconds);
  if (seconds > 0) {
    // A result leaves the screen by itself, but not from under the hands of who compares numbers.
    const leave = () => setTimeout(() => location.assign("/"), seconds * 1000);
    let leaving = leave();
    document.addEventListener("input", () => {
      clearTimeout(leaving);
      leaving = leave();
    });
  }
  let challenge = null;
  let asked = 0;
  let seen = "";
  for (;;) {
    // The relay forgets a challenge after two minutes.
    if (challenge === null || Date.now() - asked > 60000) {
      try {
        const answer = await fetch("/challenge", { method: "POST", cache: "no-store" });
        if (answer.status === 401) {
          location.assign("/");
          return;
        }
        challenge = await answer.json();
      } catch {
        challenge = { trouble: "portal-gone" };
      }
      asked = Date.now();
      if (challenge.trouble) {
        show(challenge.trouble);
        challenge = null;
        seen = "";
        await rest(3000);
        continue;
      }
    }
    let told;
    try {
      const body = new URLSearchParams({ front: challenge.origin, challenge: challenge.challenge, seen, again });
      const answer = await fetch(desk.dataset.bridge, { method: "POST", body, credentials: "omit" });
      if (!answer.ok) {
        throw new Error("refused");
      }
      told = await answer.json();
    } catch {
      seen = "";
      show("bridge-gone");
      await rest(2000);
      continue;
    }
    if (told.signed) {
      form.elements.challenge.value = challenge.challenge;
      form.elements.proof.value = challenge.proof;
      form.elements.certificate.value = told.signed.certificate;
      form.elements.signature.value = told.signed.signature;
      form.requestSubmit();
      return;
    }
    seen = told.state;
    show(seen);
  }
})();
