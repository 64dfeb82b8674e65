import { Fragment, type ReactNode } from "react";
import { Dialog } from "~/components/Dialog";
import type { Shortcut } from "./keys";

export function ShortcutSheet({ shortcuts, close }: { shortcuts: Shortcut[]; close: () => void }): ReactNode {
  return (
    <Dialog title="Keyboard" close={close}>
      <div className="inside">
        <dl className="keys">
          {shortcuts.map((one) => (
            <Fragment key={one.keys}>
              <dt>{one.keys.split(/,? /).map((key) => <Fragment key={key}><kbd>{key}</kbd> </Fragment>)}</dt>
              <dd>{one.name}</dd>
            </Fragment>
          ))}
        </dl>
        <div className="ends"><button onClick={close}>Close</button></div>
      </div>
    </Dialog>
  );
}
