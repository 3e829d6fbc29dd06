export { ParleyError, type ClientErrorCode } from '../errors/parleyError.js';
