export function WorkflowPage(): React.ReactNode { return null; }
