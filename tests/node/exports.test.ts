// What the package's entry point gives, and that the reference's module names mean the same things.
import { describe, expect, it } from 'vitest';
import * as entry from '../../src/index.ts';

const { base, chord, ChordSocket, mesh, MeshSocket, Protocol, toBase58 } = entry;

describe('the entry point', () => {
  it('exports these values and no others', () => {
    expect(Object.keys(entry).toSorted()).toEqual(
      ['ChordError', 'ChordSocket', 'DurableStore', 'ERRORS', 'MemoryStorage', 'MeshSocket'].concat([
        'PROFILES',
        'Protocol',
        'base',
        'chord',
        'json',
        'mesh',
        'toBase58',
      ]),
    );
  });

  it("has the reference's modules as names for the same things", () => {
    expect(chord.ChordSocket).toBe(ChordSocket);
    expect(mesh.MeshSocket).toBe(MeshSocket);
    expect(base).toEqual({ Protocol, toBase58 });
  });

  it('has a default protocol for each kind of socket, over TLS', () => {
    expect(chord.defaultProtocol).toMatchObject({ subnet: 'chord', encryption: 'SSL' });
    expect(mesh.defaultProtocol).toMatchObject({ subnet: 'mesh', encryption: 'SSL' });
    expect(new ChordSocket('127.0.0.1', 0).protocol).toBe(chord.defaultProtocol);
    expect(new MeshSocket('127.0.0.1', 0).protocol).toBe(mesh.defaultProtocol);
  });

  it('makes every chord socket a mesh socket', () => {
    expect(new ChordSocket('127.0.0.1', 0)).toBeInstanceOf(MeshSocket);
  });
});
