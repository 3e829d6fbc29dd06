/** This process's right to write. When it has run out, other processes take over the pending work. */
export interface Lease {
  /** Resolves when the lease is fresh; waits for as long as the database does not answer. */
  ensureFresh(): Promise<void>;
  isFresh(): boolean;
  /** Renews the lease by one small write. @throws when the database does not accept it. */
  probe(): Promise<void>;
}
