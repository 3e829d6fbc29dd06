export { hasRole, type Principal, TokenVerifier } from './tokens.js';
export { UserDirectory } from './userDirectory.js';
