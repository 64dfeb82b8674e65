// Lists by pages, as the API gives them.
export const LIMIT = { most: 50 };

/** A page of a list under its name; the token is where it begins. */
export function paged(name, list, query) {
  const from = Number(query.get("page_token") ?? 0);
  const size = Math.min(Number(query.get("page_size") ?? 50), LIMIT.most);
  return { [name]: list.slice(from, from + size), next: from + size < list.length ? String(from + size) : null };
}
