// What the server wrote into the shell about the city: names, zone, bounds, the clock, demo accounts.

import type { CityView } from "./api/description";

const written = document.getElementById("city")?.textContent ?? "";

/** The city of this server. */
export const city: CityView = JSON.parse(written) as CityView;

/** The nonce that this page's own run-time styles carry. */
export const nonce: string =
  document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ||
  document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce ||
  "";
