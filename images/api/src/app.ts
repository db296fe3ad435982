import type { JobQueue } from "@example/jobs";
import { hash, verify } from "@node-rs/argon2";
import Fastify, { type FastifyInstance } from "fastify";

const TEXT = { type: "string", minLength: 1, maxLength: 10_000 } as const;

const body = (...names: string[]) => ({
  body: {
    type: "object",
    required: names,
    properties: Object.fromEntries(names.map((name) => [name, TEXT])),
  },
});

/** The routes of the service; the caller starts and closes it. */
export function createApp(queue: JobQueue): FastifyInstance {
  const app = Fastify({ logger: true });

  app.get("/healthz", async () => ({ status: "ok" }));

  app.post<{ Body: { password: string } }>("/passwords", { schema: body("password") }, async ({ body }) => ({
    hash: await hash(body.password),
  }));

  app.post<{ Body: { password: string; hash: string } }>(
    "/passwords/check",
    { schema: body("password", "hash") },
    async ({ body }) => ({ matches: await verify(body.hash, body.password) }),
  );

  app.post<{ Body: { text: string } }>("/jobs", { schema: body("text") }, async ({ body }, reply) =>
    reply.code(202).send({ id: await queue.add(body.text) }),
  );

  app.get<{ Params: { id: string } }>("/jobs/:id", async ({ params }, reply) => {
    const state = await queue.state(params.id);
    return reply.code(state.state === "unknown" ? 404 : 200).send(state);
  });

  return app;
}
