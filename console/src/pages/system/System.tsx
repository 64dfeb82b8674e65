export function System(): React.ReactNode { return null; }
