export { authenticate } from './auth.js';
export { BackPressure } from './backPressure.js';
export { CommandLimits } from './commandLimits.js';
export { checkConnection } from './connectionGuard.js';
export { Sessions } from './sessions.js';
export { WaitingBytes } from './waitingBytes.js';
