// Acknowledges one message in fifty without storing it: `node --import` this before a server. The fault test has to find it.
import mongoose from 'mongoose';

const EVERY = 50;
const { insertMany } = mongoose.mongo.Collection.prototype;
let count = 0;

mongoose.mongo.Collection.prototype.insertMany = async function (documents, options) {
  if (this.collectionName !== 'messages') return insertMany.call(this, documents, options);
  const kept = documents.filter(() => (count += 1) % EVERY !== 0);
  // Nothing left to insert: as if it had been.
  if (kept.length === 0) return { acknowledged: true, insertedCount: documents.length, insertedIds: {} };
  return insertMany.call(this, kept, options);
};
