// Numbers that look random and are the same every time.
export function chance(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return { next, int: (from, to) => from + Math.floor(next() * (to - from + 1)), pick: (of) => of[Math.floor(next() * of.length)] };
}

export function uuid(random, at) {
  const time = Math.floor(at).toString(16).padStart(12, "0");
  const hex = () => random.int(0, 0xffff).toString(16).padStart(4, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex().slice(1)}-8${hex().slice(1)}-${hex()}${hex()}${hex()}`;
}

/** Object.groupBy, which Node 20 does not have. */
export function groupBy(values, keyOf) {
  const groups = {};
  for (const value of values) (groups[keyOf(value)] ??= []).push(value);
  return groups;
}
