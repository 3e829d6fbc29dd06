export {
  type DeliveryStatus,
  isFor,
  type Recipient,
  recipientsOf,
  type Tally,
  tallyOf,
  toDeliveryStatus,
  UNCOUNTED,
} from './deliveryStatus.js';
export { type PositionFields, toPositionFields, toPositionView } from './positionView.js';
export {
  effectivePosition,
  type EffectivePosition,
  NO_POSITIONS,
  type Positions,
  quietSentBy,
  shownPosition,
  unreadCount,
} from './positions.js';
