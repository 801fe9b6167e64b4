import { signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

/** Light or dark, as chosen here; public/theme.js reads it before anything is painted. */
export const theme = signal<Theme>(chosenTheme());

/** Chooses light, dark, or what the system says. */
export function chooseTheme(next: Theme): void {
  theme.value = next;
  if (next === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = next;
  try {
    if (next === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // Not kept: it holds for as long as the page does.
  }
}

function chosenTheme(): Theme {
  const chosen = document.documentElement.dataset["theme"];
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

const KEY = "eddy:theme";
