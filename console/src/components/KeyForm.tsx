import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode } from "react";
import { keep } from "~/api/key";
import { useFeedState } from "~/live/context";

/** Shown where the server wants to know who asks. */
export function KeyForm(): ReactNode {
  const queries = useQueryClient();
  const { feed } = useFeedState();
  const enter = (event: React.FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    keep(String(new FormData(event.currentTarget).get("key")).trim());
    feed.start();
    void queries.resetQueries();
  };
  return (
    <form className="row wrap" onSubmit={enter}>
      <label className="row">API key <input name="key" type="password" autoComplete="off" required placeholder="ms_…" /></label>
      <button className="primary" type="submit">Enter</button>
      <span className="muted">It is kept for this tab only. <code>mainstem keys create</code> makes one.</span>
    </form>
  );
}
