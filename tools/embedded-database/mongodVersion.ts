/** Version of the downloaded mongod. The package-built database reports it too: it speaks the 7.0 protocol. */
export const MONGOD_VERSION = '7.0.14';
