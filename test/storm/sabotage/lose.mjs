// Acknowledges one message in fifty without storing it. Loaded with `node --import` before a server. The test must
// detect it.
import mongoose from 'mongoose';

const EVERY = 50;
const { insertMany } = mongoose.mongo.Collection.prototype;
let count = 0;

mongoose.mongo.Collection.prototype.insertMany = async function (documents, options) {
  if (this.collectionName !== 'messages') return insertMany.call(this, documents, options);
  const kept = documents.filter(() => (count += 1) % EVERY !== 0);
  // All documents were dropped: returns a fake success.
  if (kept.length === 0) return { acknowledged: true, insertedCount: documents.length, insertedIds: {} };
  return insertMany.call(this, kept, options);
};
