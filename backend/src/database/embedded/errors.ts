/** There is no database to be had on this machine; says what would help. */
export class EmbeddedDatabaseUnavailableError extends Error {
  override readonly name = 'EmbeddedDatabaseUnavailableError';

  constructor(reason: string) {
    super(
      `There is no database to start (${reason}). Three ways out: set MONGODB_URI to a MongoDB of your own; ` +
        'or provide a mongod (on the PATH, in MONGOMS_SYSTEM_BINARY, or by a network that reaches its download site); ' +
        'or run as root on Debian with Go 1.24 or newer, so that a compatible one can be built from packages.',
    );
  }
}
