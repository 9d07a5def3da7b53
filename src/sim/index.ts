// The simulator's entry point, `chord-socket/sim`: what users may import to try the shipped machine in
// virtual time. It holds no code of its own.
export type { Cell, ExperimentOptions, ExperimentResult } from './experiments/experiment.ts';
export { EXPERIMENTS } from './experiments/experiments.ts';
export type { Experiment } from './experiments/experiments.ts';
export { simulationHash } from './hash.ts';
export { CALM_NETWORK, Network } from './network.ts';
export type { NetworkFaults } from './network.ts';
export { ringProblem } from './ring-check.ts';
export { CALM_PERIODS_MAX, runSwarm } from './swarm.ts';
export type { ClientSummary, SwarmResult, SwarmSettings } from './swarm.ts';
export { drawSwarmOptions } from './swarm-options.ts';
export type { SwarmAction, SwarmOptions } from './swarm-options.ts';
export { Trace } from './trace.ts';
export type { TraceWindow } from './trace.ts';
export { World } from './world.ts';
export type { WorldNode, WorldOptions } from './world.ts';
export { PROFILES } from '../core/profile.ts';
export type { Profile, ProfileName } from '../core/profile.ts';
export type { Command, ExplainResult, OperateResult, RingResult, ScanResult } from '../core/command.ts';
export type { Contact } from '../core/contact.ts';
export type { Effect, Failure, MachineEvent, Outcome } from '../core/effect.ts';
export type { Machine } from '../core/machine.ts';
export type { MachineHealth } from '../core/machine-options.ts';
export type { Consistency, MemberDescription, Operation, OperationResult } from '../core/message.ts';
