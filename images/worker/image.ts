import { serviceImage } from "../service.ts";

export default serviceImage({ name: "worker", main: "worker.js" });
