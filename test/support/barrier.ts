/** A place where work waits until it is let through. */
export class Barrier {
  /** Resolves when somebody waits here, or has been let through. */
  readonly reached: Promise<void>;
  private readonly opened: Promise<void>;
  private tell!: () => void;
  private letThrough!: () => void;

  constructor() {
    this.reached = new Promise((resolve) => (this.tell = resolve));
    this.opened = new Promise((resolve) => (this.letThrough = resolve));
  }

  /** Waits until `open` was called. */
  wait(): Promise<void> {
    this.tell();
    return this.opened;
  }

  open(): void {
    this.letThrough();
  }
}
