// How high each row is: 20 pixels, unless it was seen to be higher (wrapped, of several lines, or unfolded).

export const ROW = 20;
const BUCKET = 512;

export class Heights {
  constructor() {
    this.clear();
  }

  clear() {
    this.buckets = new Map(); // bucket → { sum, rows: Map(row → pixels above ROW) }
    this.extra = 0;
  }

  set(row, height) {
    const more = Math.max(Math.round(height) - ROW, 0);
    const key = Math.floor(row / BUCKET);
    const bucket = this.buckets.get(key) ?? { sum: 0, rows: new Map() };
    const change = more - (bucket.rows.get(row) ?? 0);
    if (!change) return false;
    bucket.sum += change;
    this.extra += change;
    if (more) bucket.rows.set(row, more);
    else bucket.rows.delete(row);
    this.buckets.set(key, bucket);
    return true;
  }

  total(rows) {
    return rows * ROW + this.extra;
  }

  /** Where a row begins. */
  top(row) {
    const own = Math.floor(row / BUCKET);
    let above = row * ROW;
    for (const [key, bucket] of this.buckets) {
      if (key < own) above += bucket.sum;
      else if (key === own) for (const [one, more] of bucket.rows) if (one < row) above += more;
    }
    return above;
  }

  /** The row at a height, of so many. */
  rowAt(y, rows) {
    let low = 0, high = Math.max(rows - 1, 0);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.top(middle) <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
