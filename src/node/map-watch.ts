// MapWatch: a watch whose keys and values are of a program's own types. It owns the conversion of events;
// what is told, and when, is watch.ts's.
import type { Decoded, EncodingChoice } from './encoding.ts';
import type { Watch } from './watch.ts';

export type MapWatchEvent<KeyChoice extends EncodingChoice, ValueChoice extends EncodingChoice> =
  | {
      readonly type: 'set';
      readonly key: Decoded<KeyChoice>;
      readonly value: Decoded<ValueChoice>;
      readonly version: string;
    }
  | { readonly type: 'delete' | 'expire'; readonly key: Decoded<KeyChoice>; readonly version: string }
  /** Something behind the version may be missing; '' where no version says it. */
  | { readonly type: 'gap'; readonly version: string };

interface Decoders<KeyChoice extends EncodingChoice, ValueChoice extends EncodingChoice> {
  readonly key: (bytes: Buffer) => Decoded<KeyChoice>;
  readonly value: (key: Buffer, bytes: Buffer) => Decoded<ValueChoice>;
}

export class MapWatch<KeyChoice extends EncodingChoice, ValueChoice extends EncodingChoice>
  implements AsyncIterableIterator<MapWatchEvent<KeyChoice, ValueChoice>>
{
  readonly #watch: Watch;
  readonly #decode: Decoders<KeyChoice, ValueChoice>;

  constructor(watch: Watch, decode: Decoders<KeyChoice, ValueChoice>) {
    this.#watch = watch;
    this.#decode = decode;
  }

  /** As the socket's watch. */
  get ready(): Promise<void> {
    return this.#watch.ready;
  }

  /** Rejects with what the decoding throws, and the watch has ended then. */
  async next(): Promise<IteratorResult<MapWatchEvent<KeyChoice, ValueChoice>, undefined>> {
    const { done, value: event } = await this.#watch.next();
    if (done === true || event === undefined) return { done: true, value: undefined };
    const { type, version } = event;
    if (type === 'gap') return { done: false, value: { type, version } };
    try {
      const told = { key: this.#decode.key(event.key), version };
      if (event.type !== 'set') return { done: false, value: { type: event.type, ...told } };
      return {
        done: false,
        value: { type: 'set', ...told, value: this.#decode.value(event.key, event.value) },
      };
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  async return(): Promise<IteratorResult<MapWatchEvent<KeyChoice, ValueChoice>, undefined>> {
    await this.#watch.return();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
