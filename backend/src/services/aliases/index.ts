export { AliasService } from './aliasService.js';
