export { hasRole, type Principal, TokenVerifier } from './tokens.js';
export { StreamTickets } from './tickets.js';
export { UserDirectory } from './userDirectory.js';
