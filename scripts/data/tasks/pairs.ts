export { keyOf, pairOf } from '../../../backend/src/models/verify/pairs.js';
