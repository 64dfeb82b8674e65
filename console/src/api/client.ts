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
  return answer<T>(address(path, params), { headers: withKey({ accept: "application/json" }), ...(signal ? { signal } : {}) });
}

export async function tell<T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
  return answer<T>(address(path), {
    method: "POST",
    headers: withKey({ accept: "application/json", "content-type": "application/json", ...headers }),
    body: JSON.stringify(body),
  });
}

async function answer<T>(url: string, init: RequestInit): Promise<T> {
  const response = await fetch(url, { credentials: "same-origin", ...init }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refused(unreachable(url));
  });
  if (!response.ok) throw new Refused(await problemOf(response));
  return (response.status === 204 ? undefined : await response.json()) as T;
}

async function problemOf(response: Response): Promise<Problem> {
  const told = (await response.json().catch(() => ({}))) as Partial<Problem>;
  return {
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
