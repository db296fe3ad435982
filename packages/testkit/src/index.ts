export { type ChildScript, childScript, type RunningScript } from "./child-script.ts";
export { CLI_PATH, type CliEvent, type CliOptions, type CliResult, type RunningCli, startCli } from "./cli-process.ts";
export { debOf, type PublishOptions, startTestMirror, type TestDeb, type TestMirror } from "./debian-mirror.ts";
export { type BlobStoreRig, describeBlobStore } from "./describe-blob-store.ts";
export { describeSink, type SinkRig } from "./describe-sink.ts";
export { describeTraceStore, type TraceStoreRig } from "./describe-trace-store.ts";
export { type DockerRegistry, startDockerRegistry } from "./docker-registry.ts";
export { type Dockerd, type DockerResult, startDockerd } from "./dockerd.ts";
export { type FakeGraph, type FakeNode, fakeGraph } from "./fake-graph.ts";
export { type FakeRun, fakeRun, leaf, step } from "./fake-run.ts";
export { type FakeSteps, fakeSteps, recompute } from "./fake-steps.ts";
export { type Fault, type FaultServer, type SeenRequest, startFaultServer } from "./fault-server.ts";
export { memoryKeyLocks } from "./memory-key-locks.ts";
export { type MemoryTraceStore, memoryTraceStore } from "./memory-trace-store.ts";
export {
  integrityOf,
  repositoryFiles,
  startTestRegistry,
  type TestPackage,
  type TestRegistry,
  type TestRepository,
  tarballOf,
} from "./npm-registry.ts";
export {
  canBeOrdinaryUser,
  type OrdinaryUser,
  type OrdinaryUserOptions,
  ordinaryUser,
  runAsOrdinaryUser,
} from "./ordinary-user.ts";
export { type Podman, startPodman } from "./podman.ts";
export { type ProxyServer, startProxyServer } from "./proxy-server.ts";
export { type SavedImage, type SavedMember, savedImages } from "./saved-image.ts";
export { seededRandom } from "./seeded-random.ts";
export { type TestStore, testStore } from "./test-store.ts";
export { bytesOf, type TestMember, type TinyImageOptions, tarOf, tinyImage } from "./tiny-image.ts";
export { describeWithTools, findTool } from "./tools.ts";
export { type WorkspaceRig, type WorkspaceRigOptions, workspaceRig } from "./workspace-rig.ts";
