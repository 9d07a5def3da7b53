// The package's main entry point: an explicit list of what users may import. It holds no code of its own.

export {};
