import mongoose from 'mongoose';

/**
 * Marks an operator in a filter as written here. `sanitizeFilter` is on for every query, so that an operator that came
 * in with somebody's input would be a mere value; only what passes through this is one.
 */
export const op = <Operators extends object>(operators: Operators): Operators => mongoose.trusted(operators);
