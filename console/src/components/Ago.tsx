import type { ReactNode } from "react";
import { ago, moment } from "~/api/formats";
import { useNow } from "./now";

export function Ago({ at }: { at: string | null | undefined }): ReactNode {
  const now = useNow();
  return at ? <time dateTime={at} title={moment(at)} className="nowrap">{ago(at, now)}</time> : <span className="muted">–</span>;
}
