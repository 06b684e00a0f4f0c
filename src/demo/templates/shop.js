(function () {
  "use strict";
  var arrival = performance.getEntriesByType("navigation")[0];
  var cameBack = arrival && arrival.type === "back_forward";

  // On a page of its own: go on. In a frame the page around it sees that the buyer is back.
  var returned = document.body.dataset.returned;
  if (returned) {
    if (window.parent === window) location.replace(returned);
    return;
  }

  var place = document.getElementById("challenge");
  if (!place || !window.Sekisho) return;
  var opened = null;

  function show(mode) {
    opened = Sekisho.open(place.dataset.url, {
      mode: mode,
      container: place,
      title: place.dataset.title,
      onEnd: function (end) {
        if (end.reason === "ended") location.assign(place.dataset.order);
        else if (mode === "dialog") show("frame");
      }
    });
  }

  var enlarge = document.getElementById("enlarge");
  if (enlarge) {
    enlarge.hidden = false;
    enlarge.addEventListener("click", function () {
      opened.close();
      show("dialog");
    });
  }
  // Whoever comes back from the issuer's page is not sent there again unasked.
  if (place.dataset.mode !== "redirect" || !cameBack) show(place.dataset.mode);
})();
