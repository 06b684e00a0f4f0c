(function () {
  "use strict";
  // In the frame: tell the shop's own page to go on; on a page of its own: go on.
  var returned = document.body.dataset.returned;
  if (returned) {
    if (window.parent === window) location.replace(returned);
    else window.parent.postMessage({ returned: returned }, location.origin);
    return;
  }
  var frame = document.getElementById("challenge");
  if (frame) {
    window.addEventListener("message", function (event) {
      if (event.origin !== location.origin || event.source !== frame.contentWindow) return;
      if (event.data && /^\/orders\/[0-9a-f]{32}$/.test(event.data.returned)) location.assign(event.data.returned);
    });
  }
})();
