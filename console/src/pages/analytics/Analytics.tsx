export function Analytics(): React.ReactNode { return null; }
