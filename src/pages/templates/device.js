(function () {
  var report = { screen: screen.width + "x" + screen.height + "x" + screen.colorDepth };
  if (navigator.language) report.language = navigator.language;
  try {
    var zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone) report.time_zone = zone;
  } catch (unknown) {}
  fetch(location.pathname, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(report),
    keepalive: true
  });
})();
