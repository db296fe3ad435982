import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ImageData } from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import { bytesOf, testStore, tinyImage } from "@imgbuild/testkit";
import { dockerSink } from "./docker-sink.ts";

/** A daemon that answers as its test says; what it is asked is kept. */
class ScriptedDaemon {
  readonly asked: string[] = [];
  readonly loads: Buffer[] = [];
  /** Answer to each load in turn. */
  loadAnswers: { status: number; text: string }[] = [];
  /** Answer to `GET /images/NAME/json`. */
  inspect: (name: string) => object | undefined = () => undefined;
  list: object[] = [];
  readonly #server: Server = createServer((request, response) => {
    void this.#answer(request, response);
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `tcp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = decodeURIComponent(request.url ?? "");
    this.asked.push(`${request.method} ${url}`);
    const body = await bytesOf(request);
    if (url.startsWith("/images/load")) {
      this.loads.push(body);
      const { status, text } = this.loadAnswers.shift() ?? { status: 200, text: "" };
      response.writeHead(status).end(text);
    } else if (url.startsWith("/images/json")) {
      response.end(JSON.stringify(this.list));
    } else if (url.endsWith("/json")) {
      const found = this.inspect(url.slice("/images/".length, -"/json".length));
      response.writeHead(found === undefined ? 404 : 200).end(JSON.stringify(found ?? { message: "No such image" }));
    } else {
      response.writeHead(201).end();
    }
  }
}

const signal = new AbortController().signal;
const manifestId = `sha256:${"c".repeat(64)}`;

describe("what is said to a daemon", () => {
  const rig = testStore();
  let store: Store;
  let daemon: ScriptedDaemon;
  let host: string;
  let data: ImageData;
  let layers: string[];
  beforeAll(async () => {
    store = await rig.open();
    data = await tinyImage(store, { layers: [{ lower: "1" }, { upper: "2" }] });
    layers = data.layers.map(({ diffId }) => diffId);
  });
  beforeEach(async () => {
    daemon = new ScriptedDaemon();
    host = await daemon.listen();
  });
  afterEach(() => daemon.close());
  afterAll(() => rig.remove());

  const load = () => dockerSink({ store, host }).deliver([{ data, references: ["app:1"] }], { signal });
  const refusal = { status: 200, text: '{"errorDetail":{"message":"open layer.tar: no such file"},"error":"x"}\r\n' };

  test("a hint that leaves little to send is all that is asked about", async () => {
    const hint = `sha256:${"d".repeat(64)}`;
    daemon.inspect = (name) => {
      if (name === hint) return { Id: hint, RootFS: { Layers: layers.slice(0, 1) } };
      return name === "app:1" && daemon.loads.length > 0 ? { Id: data.config, RootFS: { Layers: layers } } : undefined;
    };
    const sink = dockerSink({ store, host, hints: [hint] });
    const delivered = await sink.deliver([{ data, references: ["app:1"] }], { signal });
    expect(delivered).toMatchObject({ layersSent: 1, layersSkipped: 1 });
    expect(daemon.asked).toEqual([
      `GET /images/${data.config}/json`,
      `GET /images/${hint}/json`,
      "POST /images/load?quiet=1",
      "GET /images/app:1/json",
    ]);
  });

  test("a refused part is followed by the whole, and the ID of containerd's store is accepted for its layers", async () => {
    daemon.list = [{ Id: manifestId }];
    daemon.loadAnswers = [refusal];
    daemon.inspect = (name) => {
      if (name === manifestId) return { Id: manifestId, RootFS: { Layers: layers.slice(0, 1) } };
      return name === "app:1" && daemon.loads.length > 0 ? { Id: manifestId, RootFS: { Layers: layers } } : undefined;
    };
    const result = await load();
    expect(result).toMatchObject({ layersSent: 2, layersSkipped: 0 });
    expect(result.bytes).toBe(daemon.loads.reduce((sum, body) => sum + body.length, 0));
    const [part, whole] = daemon.loads.map((body) => `${body}`);
    expect(part).not.toContain("\u0000lower\u0000");
    expect(part?.length).toBeLessThan(whole?.length ?? 0);
    expect(daemon.loads).toHaveLength(2);
  });

  test("a refused whole is not sent twice", async () => {
    daemon.loadAnswers = [refusal, refusal];
    await expect(load()).rejects.toMatchObject({
      code: "refused",
      message: 'Cannot load "app:1" into Docker: the daemon says "open layer.tar: no such file"',
    });
    expect(daemon.loads).toHaveLength(1);
  });

  test.each([
    ["JSON", '{"message":"invalid archive"}', "invalid archive"],
    ["plain text", "gateway fell over\n", "gateway fell over"],
    ["nothing", "", "status 500"],
  ])("a failure told as %s is quoted", async (_form, text, quoted) => {
    daemon.loadAnswers = [{ status: 500, text }];
    await expect(load()).rejects.toThrow(`the daemon says "${quoted}"`);
  });

  test("a full disk of the daemon has its own code", async () => {
    daemon.loadAnswers = [{ status: 500, text: '{"message":"write /x: no space left on device"}' }];
    await expect(load()).rejects.toMatchObject({ code: "disk-full" });
  });

  test("another image under the name afterwards is an integrity error", async () => {
    const other = { Id: manifestId, RootFS: { Layers: ["sha256:other"] } };
    daemon.inspect = (name) => (name === "app:1" && daemon.loads.length > 0 ? other : undefined);
    await expect(load()).rejects.toMatchObject({ code: "integrity", message: expect.stringContaining(manifestId) });
  });

  test("an image that is there costs one question, and one request for each name that it lacks", async () => {
    daemon.inspect = () => ({ Id: data.config, RepoTags: ["app:1"], RootFS: { Layers: layers } });
    const references = ["app:1", "registry.example:5000/x/app:2"];
    const result = await dockerSink({ store, host }).deliver([{ data, references }], { signal });
    expect(result.bytes).toBe(0);
    expect(daemon.asked).toEqual([
      `GET /images/${data.config}/json`,
      `POST /images/${data.config}/tag?repo=registry.example:5000/x/app&tag=2`,
    ]);
  });

  test("cancelling while the daemon is slow ends the request", async () => {
    const abort = new AbortController();
    daemon.inspect = () => {
      abort.abort(new Error("stop now"));
      return undefined;
    };
    const delivery = dockerSink({ store, host }).deliver([{ data, references: ["app:1"] }], { signal: abort.signal });
    await expect(delivery).rejects.toThrow("stop now");
    expect(daemon.loads).toHaveLength(0);
  });
});
