export { hasRole, type Principal, type TokenKeys, TokenVerifier } from './tokens.js';
export { StreamTickets } from './tickets.js';
export { TokenIssuer } from './tokenIssuer.js';
export { UserDirectory } from './userDirectory.js';
