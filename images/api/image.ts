import { serviceImage } from "../service.ts";

export default serviceImage({ name: "api", main: "server.js", health: "health.js", port: 8080 });
