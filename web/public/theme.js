// Before anything is painted: whoever chose light or dark never sees the other one flash by.
try {
  const chosen = localStorage.getItem("eddy:theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is switched off: the system's choice stands.
}
