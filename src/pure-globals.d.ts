// The only host globals that the pure layers (core, wire, sim) may use. They are compiled without Node's
// and without the browser's types, so a timer or a socket there is a compile error. Both classes below are
// deterministic and exist in every host. Nothing that reads time, chance or the outside world belongs here.

declare class TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>;
  encodeInto(source: string, destination: Uint8Array): { read: number; written: number };
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(input?: Uint8Array | ArrayBuffer | DataView, options?: { stream?: boolean }): string;
}
