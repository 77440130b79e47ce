/**
 * Whether several operations were answered in this turn of the event loop. Their callers then send the next operations in this turn,
 * perhaps of another kind, so the first of these waits for the others and is not sent alone (`bench/store-level`).
 */
export class CrowdedTurn {
  isNow = false;

  begin(): void {
    if (this.isNow) return;
    this.isNow = true;
    setImmediate(() => {
      this.isNow = false;
    });
  }
}
