/** Occasion of a call of `getToken`. */
export type TokenReason = 'connect' | 'expiring' | 'refused';
