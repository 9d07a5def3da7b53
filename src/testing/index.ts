// The entry point 'chord-socket/testing': what users' own tests can build on. An explicit list; it holds no
// code of its own.
/// <reference types="node" preserve="true" />
export { type Cluster, type ClusterOptions, createCluster } from './cluster.ts';
export { describeStore, type StoreSuiteOptions, type SuiteRunner } from './store-suite.ts';
export { MemoryNetwork } from '../transport/memory.ts';
