// Makes the challenge's pages more comfortable: each of them works without it. Served from our own origin alone.
(function () {
  "use strict";

  // How much time is left: seen every second, said four times.
  function countDown(place) {
    var began = Date.now();
    var total = Number(place.dataset.secondsLeft);
    var clock = document.createElement("span");
    clock.setAttribute("aria-hidden", "true");
    place.append(" ", clock);
    var voice = document.createElement("span");
    voice.setAttribute("role", "status");
    voice.className = "heard";
    place.after(voice);
    var said = total;
    var beat = setInterval(tick, 1000);
    tick();

    function tick() {
      var left = Math.max(0, Math.ceil(total - (Date.now() - began) / 1000));
      clock.textContent = "(" + Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0") + ")";
      [300, 120, 60, 30].forEach(function (mark) {
        if (left <= mark && mark < said) {
          said = mark;
          voice.textContent = place.dataset["say" + mark] || "";
        }
      });
      if (left > 0) return;
      clearInterval(beat);
      // The same address by GET: it says that the time has run out, and leads back.
      setTimeout(function () { location.replace(location.pathname); }, 1000);
    }
  }

  // On a telephone the keyboard would cover the personal message, which is to be read first.
  function focus(field) {
    if (matchMedia("(pointer: fine)").matches) field.focus({ preventScroll: true });
  }

  // What is pasted or typed as a code: digits of any width, without the spaces between them.
  function helpWithCode(field) {
    function clean(text) { return text.normalize("NFKC").replace(/[^0-9]/g, ""); }
    field.addEventListener("paste", function (event) {
      var text = clean(event.clipboardData ? event.clipboardData.getData("text") : "");
      if (!text) return;
      event.preventDefault();
      field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    });
    function tidy(event) {
      if (event.isComposing) return;
      var tidied = clean(field.value);
      if (tidied !== field.value) field.value = tidied;
    }
    field.addEventListener("input", tidy);
    field.addEventListener("compositionend", tidy);
  }

  // The page around us hears that it is over, and nothing else; only where it is the merchant's.
  function tell(main) {
    if (window.parent === window) return;
    var around = location.ancestorOrigins && location.ancestorOrigins[0];
    main.dataset.origins.split(" ").filter(Boolean).forEach(function (origin) {
      if (around && around !== origin) return;
      window.parent.postMessage({ type: "sekisho.ended", id: main.dataset.ended }, origin);
    });
  }

  // Back to the merchant, once: whoever comes here again by the back button finds the button.
  function goBack(form) {
    var stuck = document.getElementById("stuck");
    var sent = false;
    function say() { stuck.textContent = stuck.dataset.text; }
    // A sandbox may forbid it without a word, or nobody may answer: then the page is still here.
    function watch() { setTimeout(function () { sent = false; say(); }, 4000); }
    form.addEventListener("submit", function (event) {
      if (sent) return event.preventDefault();
      sent = true;
    });
    form.addEventListener("click", watch);
    document.addEventListener("securitypolicyviolation", say);
    window.addEventListener("pageshow", function (event) { if (event.persisted) sent = false; });
    var arrival = performance.getEntriesByType("navigation")[0];
    if ((history.state && history.state.returned) || (arrival && arrival.type === "back_forward")) return;
    history.replaceState({ returned: true }, "");
    watch();
    if (form.requestSubmit) form.requestSubmit();
    else form.submit();
  }

  function each(css, work) { document.querySelectorAll(css).forEach(work); }

  each("[data-seconds-left]", countDown);
  each("input[data-focus]", focus);
  each("input[autocomplete='one-time-code']", helpWithCode);
  each("main[data-ended]", tell);
  each("form[data-return]", goBack);
})();
