// Where the console is mounted: the server writes it into <base href> when it serves the page.

export const BASE = new URL(document.baseURI).pathname.replace(/\/$/, "");
export const API = `${BASE}/api/v1`;
