export function Home(): React.ReactNode { return null; }
