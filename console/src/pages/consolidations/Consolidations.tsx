export function Consolidations(): React.ReactNode { return null; }
