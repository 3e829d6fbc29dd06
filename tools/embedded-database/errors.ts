/** Thrown when this machine has no database engine and cannot get one. The message lists what an operator can do. */
export class EmbeddedDatabaseUnavailableError extends Error {
  override readonly name = 'EmbeddedDatabaseUnavailableError';

  constructor(reason: string) {
    super(
      `No database can be started here (${reason}). Do one of three things: set MONGODB_URI to your own MongoDB; ` +
        'or provide a mongod (on the PATH, in MONGOMS_SYSTEM_BINARY, or through a network that reaches its download site); ' +
        'or run as root on Debian with Go 1.24 or newer, so that a compatible database can be built from packages.',
    );
  }
}
