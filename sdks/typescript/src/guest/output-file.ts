/** A file that the plugin makes for the caller. Return it, at any place of the result, once it is written. */
export class OutputFile {
  /** Where to write it. */
  readonly path: string;
  /** What the caller sees. */
  readonly name: string;
  readonly #number: number;

  constructor(path: string, name: string, number: number) {
    this.path = path;
    this.name = name;
    this.#number = number;
  }

  /** Its number among those of its call. */
  get number(): number {
    return this.#number;
  }

  static is(value: object): value is OutputFile {
    return #number in value;
  }
}
