// Sends one push in twenty to everybody who is connected, whoever it was for: `node --import` this before a server.
import { Adapter } from 'socket.io-adapter';

const EVERY = 20;
const { broadcast } = Adapter.prototype;
let count = 0;

Adapter.prototype.broadcast = function (packet, options) {
  const isMessage = Array.isArray(packet.data) && packet.data[0] === 'message:new';
  if (isMessage && (count += 1) % EVERY === 0)
    return broadcast.call(this, packet, { ...options, rooms: new Set() });
  return broadcast.call(this, packet, options);
};
