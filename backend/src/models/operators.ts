import mongoose from 'mongoose';

/**
 * Marks query operators as written in code. `sanitizeFilter` is on for all queries and treats any other operator as a
 * value, so that client input can never act as an operator.
 */
export const op = <Operators extends object>(operators: Operators): Operators => mongoose.trusted(operators);
