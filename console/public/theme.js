// Before the first paint, so that no page flashes in the other theme.
(function () {
  var chosen = localStorage.getItem("mainstem.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
