export { SearchService } from './searchService.js';
