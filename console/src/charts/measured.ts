import { useEffect, useRef, useState } from "react";

/** The width that a chart really has; it is drawn in pixels so that text keeps its size. */
export function useWidth<E extends Element>(first = 720): [React.RefObject<E | null>, number] {
  const place = useRef<E>(null);
  const [width, setWidth] = useState(first);
  useEffect(() => {
    if (!place.current) return;
    const seen = new ResizeObserver(([entry]) => entry && setWidth(Math.max(200, Math.floor(entry.contentRect.width))));
    seen.observe(place.current);
    return () => seen.disconnect();
  }, []);
  return [place, width];
}
