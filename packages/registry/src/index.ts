export { type Challenge, parseChallenge } from "./challenge.ts";
export { type CredentialSource, type Credentials, credentialSource, parseHelperAnswer } from "./docker-config.ts";
export { type RegistryAccess, Repository, type RepositoryOptions } from "./repository.ts";
