// Asks the browser for a passkey, or for a proof by one, when a form with `data-ceremony` is sent, and sends its answer along.
"use strict";
(() => {
  const form = document.querySelector("form[data-ceremony]");
  if (!form) return;
  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const listed = (keys) => (keys || []).map((key) => ({ ...key, id: bytes(key.id) }));

  const asked = () => {
    const options = JSON.parse(form.dataset.options).publicKey;
    options.challenge = bytes(options.challenge);
    if (form.dataset.ceremony === "create") {
      options.user = { ...options.user, id: bytes(options.user.id) };
      options.excludeCredentials = listed(options.excludeCredentials);
      return navigator.credentials.create({ publicKey: options });
    }
    options.allowCredentials = listed(options.allowCredentials);
    return navigator.credentials.get({ publicKey: options });
  };

  const answered = (credential) => {
    const given = credential.response;
    const response = { clientDataJSON: text(given.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (given[name]) response[name] = text(given[name]);
    }
    if (given.signature && !given.userHandle) response.userHandle = null;
    if (given.getTransports) response.transports = given.getTransports();
    const { id, type } = credential;
    return JSON.stringify({ id, rawId: text(credential.rawId), type, response, extensions: {} });
  };

  form.addEventListener("submit", async (event) => {
    // Another button of the form, such as one that gives up, sends it as it is.
    if (event.submitter && !event.submitter.hasAttribute("data-begin")) return;
    event.preventDefault();
    const failed = form.querySelector("[data-failed]");
    failed.hidden = true;
    try {
      form.elements.answer.value = answered(await asked());
    } catch {
      failed.hidden = false;
      return;
    }
    form.submit();
  });
})();
