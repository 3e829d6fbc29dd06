// Run by mongosh in the network of mongo1. Idempotent: it only does what is missing, so it may run at every start.
/* global connect, sleep, print, quit */
const rootPassword = process.env.MONGO_ROOT_PASSWORD;
const appPassword = process.env.MONGO_APP_PASSWORD;
const MEMBERS = ['mongo1:27017', 'mongo2:27017', 'mongo3:27017'];
const HERE = 'mongodb://127.0.0.1:27017/?directConnection=true';
const SET = `mongodb://root:${rootPassword}@${MEMBERS.join(',')}/?replicaSet=rs0&authSource=admin`;

/** Retries `work` for at most two minutes until it does not throw. */
function keepTrying(what, work) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return work();
    } catch (error) {
      if (attempt === 120) throw new Error(`${what}: ${error.message}`, { cause: error });
      sleep(1000);
    }
  }
}

function isRootThere() {
  try {
    connect(`mongodb://root:${rootPassword}@127.0.0.1:27017/admin?directConnection=true&authSource=admin`);
    return true;
  } catch (error) {
    if (error.code === 18 || /Authentication failed/.test(error.message)) return false;
    throw error;
  }
}

if (!keepTrying('reach mongo1', isRootThere)) {
  // There is no user yet, so MongoDB allows a local connection to create the replica set and the first user.
  const first = keepTrying('reach mongo1', () => connect(HERE)).getSiblingDB('admin');
  try {
    const members = MEMBERS.map((host, _id) => ({ _id, host, priority: _id === 0 ? 2 : 1 }));
    first.runCommand({ replSetInitiate: { _id: 'rs0', members } });
  } catch (error) {
    // 23: the replica set was created by a run that was stopped before it created the user.
    if (error.code !== 23) throw error;
  }
  keepTrying('elect mongo1', () => {
    if (!first.hello().isWritablePrimary) throw new Error('it is not the primary yet');
  });
  first.createUser({ user: 'root', pwd: rootPassword, roles: ['root'] });
  print('created the replica set and its first user');
}

// From here on the connection uses the replica set: after a failover another member is the primary.
const parley = keepTrying('reach the primary', () => connect(SET)).getSiblingDB('parley');
const user = { pwd: appPassword, roles: [{ role: 'readWrite', db: 'parley' }] };
if (parley.getUser('parley') === null) {
  parley.createUser({ user: 'parley', ...user });
  print('created the user of the servers');
} else {
  parley.updateUser('parley', user);
  print('the user of the servers exists');
}
quit(0);
