import type { ReactNode } from "react";

export function Panel({ title, aside, children, inside }: { title: string; aside?: ReactNode; children: ReactNode; inside?: boolean }): ReactNode {
  return (
    <section className="panel" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {aside}
      </header>
      {inside ? <div className="inside">{children}</div> : children}
    </section>
  );
}
