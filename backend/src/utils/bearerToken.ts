const BEARER = /^Bearer (\S+)$/i;

/** Token of an `Authorization` header. The scheme is case-insensitive (RFC 9110). */
export const bearerToken = (header: string | undefined): string | undefined => BEARER.exec(header ?? '')?.[1];
