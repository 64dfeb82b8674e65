/** Whether it is on the clipboard now. A browser gives that to pages of a secure origin only; a promise keeps the right that the click gave. */
export async function copied(text: string | Promise<string>): Promise<boolean> {
  try {
    if (typeof text === "string") await navigator.clipboard.writeText(text);
    else await navigator.clipboard.write([new ClipboardItem({ "text/plain": text.then((told) => new Blob([told], { type: "text/plain" })) })]);
    return true;
  } catch {
    return false;
  }
}
