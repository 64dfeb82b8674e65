import type { ReactNode } from "react";
import { Refused } from "~/api/client";

/** What a person wrote and nobody can read; the server was not asked. */
export class Misread extends Error {}

/** Why something was not done, with the place of each fault. */
export function Trouble({ of }: { of: Error | null }): ReactNode {
  if (!of) return null;
  if (!(of instanceof Refused)) return <div className="error-box" role="alert"><strong>{of.message}</strong></div>;
  const { detail, errors, hint, code } = of.problem;
  return (
    <div className="error-box" role="alert">
      <strong>{detail}</strong>
      {errors.map((one) => <span key={one.pointer + one.detail}><code>{one.pointer}</code> {one.detail}</span>)}
      {hint && <span>{hint}</span>}
      <code>{code}</code>
    </div>
  );
}
