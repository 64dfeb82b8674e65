import { useState, type ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { address, tell } from "~/api/client";
import { rowsOf, usePages } from "~/api/pages";
import type { KeyShown, KeysShown, Me } from "~/api/types";
import { Ago } from "~/components/Ago";
import { Ask } from "~/components/Ask";
import { CopyAs } from "~/components/CopyAs";
import { useNow } from "~/components/now";
import { PagedTable } from "~/components/PagedTable";
import { Status } from "~/components/Status";
import type { Column } from "~/components/Table";
import { NewKey } from "./NewKey";

/** Who may ask the server, and what each may do; a key itself is shown once, when it is made. */
export function Keys(): ReactNode {
  const asked = usePages<KeysShown>("/keys");
  const rows = rowsOf(asked, (page) => page.keys);
  const me = useAsk<Me>("/me").data;
  const now = useNow();
  const [made, setMade] = useState(false);
  const [ending, setEnding] = useState<KeyShown | null>(null);
  return (
    <>
      <div className="tools">
        <button className="primary" onClick={() => setMade(true)}>New key…</button>
        <CopyAs at={address("/keys")} cli="mainstem keys list" json={rows} />
      </div>
      <PagedTable of={asked} rows={rows} what="keys" label="API keys" columns={columnsOf(now, me, setEnding)} keyOf={(row) => row.key_id} empty={{ title: "No key was made yet", children: <p>Without one only this machine is let in, where the server asks for none.</p> }} />
      {made && <NewKey close={() => setMade(false)} />}
      {ending && <Ask title={`Revoke ${ending.name}?`} verb="Revoke the key" danger close={() => setEnding(null)} send={() => tell(`/keys/${ending.key_id}/revoke`, null)} says={ending.key_id === me?.key_id ? "This tab uses it: it lets nobody in any more, you neither. A revoked key cannot be brought back." : "From now on nobody gets in with it, and its streams end. A revoked key cannot be brought back."} />}
    </>
  );
}

export type KeyState = "active" | "expired" | "revoked";

export function stateOf(key: KeyShown, now: number): KeyState {
  if (key.revoked_at) return "revoked";
  return key.expires_at && Date.parse(key.expires_at) <= now ? "expired" : "active";
}

const LOOKS: Record<KeyState, string> = { active: "active", expired: "timeout", revoked: "cancelled" };

function columnsOf(now: number, me: Me | undefined, end: (key: KeyShown) => void): Column<KeyShown>[] {
  return [
    { key: "state", head: "State", width: "100px", cell: (row) => <Status of={LOOKS[stateOf(row, now)]} word={stateOf(row, now)} /> },
    { key: "name", head: "Name", cell: (row) => <>{row.name}{row.key_id === me?.key_id && <span className="muted"> (yours)</span>}<span className="under mono">{row.prefix}…</span></> },
    { key: "role", head: "Role", cell: (row) => <span className="tag">{row.role}</span> },
    { key: "used", head: "Last used", num: true, wide: true, cell: (row) => <Ago at={row.last_used_at} /> },
    { key: "made", head: "Made", num: true, wide: true, cell: (row) => <Ago at={row.created_at} /> },
    { key: "ends", head: "Ends", num: true, cell: (row) => (row.revoked_at ?? row.expires_at ? <Ago at={row.revoked_at ?? row.expires_at} /> : <span className="muted">never</span>) },
    { key: "end", head: "Revoke", num: true, cell: (row) => (stateOf(row, now) === "active" ? <button className="quiet danger" onClick={() => end(row)}>Revoke…<span className="unseen"> {row.name}</span></button> : <span className="muted">–</span>) },
  ];
}
