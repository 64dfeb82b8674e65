import { withKey } from "./key";
import { API } from "./place";
import type { Problem } from "./types";

export type Params = Record<string, string | number | boolean | null | undefined>;

/** A failed answer, as the server told it; one that never came has the code `unreachable`. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
    this.name = "Refused";
  }
}

export function address(path: string, params: Params = {}): string {
  const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const query = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return `${API}${path}${query ? `?${query}` : ""}`;
}

export async function ask<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
  const response = await answer(address(path, params), { headers: withKey({ accept: "application/json" }), ...(signal ? { signal } : {}) });
  return (await response.json()) as T;
}

export type Method = "POST" | "PUT" | "PATCH" | "DELETE";

export async function tell<T>(path: string, body: unknown, headers: Record<string, string> = {}, method: Method = "POST"): Promise<T> {
  const response = await answer(address(path), {
    method,
    headers: withKey({ accept: "application/json", "content-type": "application/json", ...headers }),
    body: JSON.stringify(body),
  });
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** What the server asks its database to answer this; without a cache, which knows one answer to an address. */
export async function statementOf(url: string): Promise<string> {
  const response = await answer(url, { headers: withKey({ accept: "application/sql" }), cache: "no-store" });
  return response.text();
}

async function answer(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, { credentials: "same-origin", ...init }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refused(unreachable(url));
  });
  if (!response.ok) throw new Refused(await problemOf(response));
  return response;
}

async function problemOf(response: Response): Promise<Problem> {
  const told = (await response.json().catch(() => ({}))) as Partial<Problem>;
  return {
    ...told,
    type: told.type ?? "about:blank",
    title: told.title ?? response.statusText,
    status: response.status,
    detail: told.detail ?? `the server answered ${response.status}`,
    instance: told.instance ?? null,
    code: told.code ?? `HTTP${response.status}`,
    hint: told.hint ?? null,
    errors: told.errors ?? [],
  };
}

function unreachable(url: string): Problem {
  return {
    type: "about:blank",
    title: "No answer",
    status: 0,
    detail: "the server does not answer",
    instance: url,
    code: "unreachable",
    hint: "is `mainstem up` still running?",
    errors: [],
  };
}
