/** For idempotency keys, also where the page is of no secure origin and has no randomUUID. */
export function unique(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
