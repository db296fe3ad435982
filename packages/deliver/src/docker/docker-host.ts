import { ImgbuildError } from "@imgbuild/errors";

/** Where a Docker daemon listens. */
export type DockerHost =
  | { readonly kind: "unix"; readonly socketPath: string; readonly text: string }
  | {
      readonly kind: "tcp";
      readonly hostname: string;
      readonly port: number;
      /** Comes before every path of the API; no `/` at its end. */
      readonly prefix: string;
      readonly secure: boolean;
      readonly text: string;
    };

/** Ports of Docker's own documentation. */
const PLAIN_PORT = 2375;
const TLS_PORT = 2376;

/**
 * Reads a DOCKER_HOST: `unix:///path`, `tcp://host:port`, `http(s)://…`, or `host:port`. With `tls` a tcp host is spoken to
 * by TLS. Throws `unsupported` for ssh and named pipes, `usage` for what is no address.
 */
export function parseDockerHost(text: string, tls: boolean): DockerHost {
  const scheme = /^([a-z]+):\/\//.exec(text)?.[1] ?? "tcp";
  const rest = text.replace(/^[a-z]+:\/\//, "");
  if (scheme === "unix") {
    if (rest === "") throw wrongHost(text);
    return { kind: "unix", socketPath: rest, text };
  }
  if (scheme === "ssh" || scheme === "npipe" || scheme === "fd") {
    throw new ImgbuildError("unsupported", `Cannot reach Docker at "${text}": ${scheme} is not supported`, {
      hint: "Forward the socket (`ssh -L /tmp/docker.sock:/var/run/docker.sock HOST`) and use unix:///tmp/docker.sock",
    });
  }
  const isTcp = scheme === "tcp" || scheme === "http" || scheme === "https";
  const url = isTcp && rest !== "" && URL.canParse(`http://${rest}`) ? new URL(`http://${rest}`) : undefined;
  if (url === undefined || url.hostname === "") throw wrongHost(text);
  const secure = tls || scheme === "https";
  // The URL drops a port that is http's own.
  const port = url.port === "" ? (/:80(?:\/|$)/.test(rest) ? 80 : secure ? TLS_PORT : PLAIN_PORT) : Number(url.port);
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  return { kind: "tcp", hostname, port, prefix: url.pathname.replace(/\/+$/, ""), secure, text };
}

function wrongHost(text: string): ImgbuildError {
  return new ImgbuildError("usage", `Cannot reach Docker at "${text}": it is no address of a daemon`, {
    hint: "Write it as unix:///var/run/docker.sock or tcp://host:2375",
  });
}
