export function Workflows(): React.ReactNode { return null; }
