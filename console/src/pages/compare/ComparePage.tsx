export function ComparePage(): React.ReactNode { return null; }
