export { authenticate } from './auth.js';
export { BackPressure } from './backPressure.js';
export { CommandLimits } from './commandLimits.js';
export { checkConnection } from './connectionGuard.js';
export { Sessions } from './sessions.js';
export { StreamConnection } from './streamConnection.js';
export { WaitingBytes } from './waitingBytes.js';
