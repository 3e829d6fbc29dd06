/** The MongoDB that is downloaded, and that the package-built database says it is (it speaks the 7.0 protocol). */
export const MONGOD_VERSION = '7.0.14';
