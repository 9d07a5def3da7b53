// Ordered arrays: the one binary search, and access to an element that is known to be there.

/** The first index whose item is not before what is sought; the length where all are. */
export function lowerBound<T>(items: readonly T[], isBefore: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(itemAt(items, middle))) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The item at an index that the caller knows to be in range; RangeError where it is not. */
export function itemAt<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`index ${index} of an array of ${items.length}`);
  return item;
}
