import { useEffect, type ReactNode } from "react";

export function Page({ title, beside, children }: { title: string; beside?: ReactNode; children: ReactNode }): ReactNode {
  useEffect(() => {
    document.title = `${title} · mainstem`;
  }, [title]);
  return (
    <div className="page">
      <div className="title"><h1>{title}</h1>{beside}</div>
      {children}
    </div>
  );
}
