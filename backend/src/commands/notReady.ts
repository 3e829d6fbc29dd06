import { AppError } from '../utils/appError.js';

export const notReady = (): Promise<never> => Promise.reject(new AppError('INTERNAL', 'Not built yet.'));
