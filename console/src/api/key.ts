// A server that lets in by key: it is kept for this tab only, and goes out in a header, never in an address.

const NAME = "mainstem.key";

export function keep(key: string): void {
  sessionStorage.setItem(NAME, key);
}

export function held(): string | null {
  return sessionStorage.getItem(NAME);
}

export function withKey(headers: Record<string, string>): Record<string, string> {
  const key = held();
  return key ? { ...headers, authorization: `Bearer ${key}` } : headers;
}
