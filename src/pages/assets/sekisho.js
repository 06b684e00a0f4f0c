/* Sekisho for merchants, version 1: opens a challenge and says when it has ended. Needs nothing else.
   Act on the signed result or the API, which your server reads; never on what happens here. */
(function (global) {
  "use strict";

  var WORDS = {
    ja: { title: "ご本人確認", close: "閉じる" },
    en: { title: "Confirm it’s you", close: "Close" }
  };

  function words() {
    return /^ja\b/i.test(document.documentElement.lang) ? WORDS.ja : WORDS.en;
  }

  function makeFrame(url, title) {
    var frame = document.createElement("iframe");
    frame.title = title;
    frame.referrerPolicy = "strict-origin";
    // Passkeys are asked for on pages of their own, never in a frame.
    frame.allow = "publickey-credentials-get 'none'; publickey-credentials-create 'none'";
    frame.style.cssText = "display:block;box-sizing:border-box;width:100%;height:100%;min-width:250px;min-height:400px;border:0";
    frame.src = url.href;
    return frame;
  }

  function makeDialog(frame, title, label, onClose) {
    var dialog = document.createElement("dialog");
    dialog.setAttribute("aria-label", title);
    dialog.style.cssText = "box-sizing:border-box;padding:0;border:0;border-radius:8px;overflow:hidden;" +
      "width:min(100vw,500px);height:min(100vh,680px);max-width:100vw;max-height:100vh";
    var bar = document.createElement("div");
    bar.style.cssText = "display:flex;justify-content:flex-end;height:44px";
    var close = document.createElement("button");
    close.type = "button";
    close.textContent = "×";
    close.setAttribute("aria-label", label);
    close.style.cssText = "width:44px;height:44px;border:0;background:none;color:inherit;font-size:24px;cursor:pointer";
    close.addEventListener("click", onClose);
    bar.append(close);
    var place = document.createElement("div");
    place.style.cssText = "height:calc(100% - 44px)";
    place.append(frame);
    dialog.append(bar, place);
    dialog.addEventListener("cancel", onClose);
    return dialog;
  }

  /* Sekisho.open(challengeUrl, { mode: "dialog" | "frame" | "redirect", container, title, onEnd })
     answers { close() }. `onEnd({ reason })` is called once: reason is "ended" or "closed" (by the buyer or by you). */
  function open(challengeUrl, options) {
    options = options || {};
    var url = new URL(challengeUrl, location.href);
    if (url.protocol !== "https:" && url.protocol !== "http:") throw new TypeError("not a challenge URL");
    var mode = options.mode || "dialog";
    if (["dialog", "frame", "redirect"].indexOf(mode) < 0) throw new TypeError("unknown mode: " + mode);
    if (mode === "frame" && !(options.container instanceof Element)) throw new TypeError("container is not an element");
    if (mode === "redirect" || (mode === "dialog" && typeof HTMLDialogElement !== "function")) {
      location.assign(url.href);
      return Object.freeze({ close: function () {} });
    }

    var said = words();
    var title = options.title || said.title;
    var before = document.activeElement;
    var frame = makeFrame(url, title);
    var shown = mode === "dialog" ? makeDialog(frame, title, said.close, onClose) : frame;
    var over = false;

    function end(reason) {
      if (over) return;
      over = true;
      global.removeEventListener("message", onMessage);
      if (mode === "dialog") shown.close();
      shown.remove();
      if (before && before.isConnected && typeof before.focus === "function") before.focus();
      if (typeof options.onEnd === "function") options.onEnd({ reason: reason });
    }

    function onClose(event) {
      event.preventDefault();
      end("closed");
    }

    // Anybody may post messages to this page: only those of our own window count, while it shows the issuer's page.
    function onMessage(event) {
      if (event.source !== frame.contentWindow || event.origin !== url.origin) return;
      if (event.data && event.data.type === "sekisho.ended") end("ended");
    }

    // The buyer came back to a page of yours inside the frame: where the issuer sends her by a redirect, nothing is posted.
    function onLoad() {
      try {
        if (frame.contentWindow.location.origin === location.origin) end("ended");
      } catch (elsewhere) {
        // A page of another origin may not be looked at: the challenge goes on.
      }
    }

    global.addEventListener("message", onMessage);
    frame.addEventListener("load", onLoad);
    if (mode === "dialog") {
      document.body.append(shown);
      shown.showModal();
      frame.focus();
    } else {
      options.container.append(shown);
    }
    return Object.freeze({ close: function () { end("closed"); } });
  }

  global.Sekisho = Object.freeze({ version: "1", open: open });
})(window);
