export function RunPage(): React.ReactNode { return null; }
