import type mongoose from 'mongoose';

/** Any document. */
export type Stored = mongoose.mongo.BSON.Document;
