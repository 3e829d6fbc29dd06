import type { Config } from './config.js';
import type { CommandHandlers } from './commands/types.js';
import type { CommandGuard } from './pipeline/commandGuard.js';
import type { Pipeline } from './pipeline/pipeline.js';
import type { RateLimits } from './pipeline/rateLimits.js';
import type { Services } from './services/index.js';
import type { TokenVerifier } from './services/users/index.js';
import { bindCommands } from './socket/bindCommands.js';
import { authenticate, CommandLimits, type BackPressure, type Sessions } from './socket/connection/index.js';
import type { WatchedConversations } from './socket/delivery/index.js';
import { createHandlers } from './socket/handlers/index.js';
import { Legacy } from './socket/legacy/index.js';
import { legacyTokenOf } from './socket/legacy/legacyToken.js';
import type { ChatServer } from './socket/types.js';
import type { Logger } from './utils/logger.js';
import type { Metrics } from './utils/metrics.js';
import type { ThrottledLog } from './utils/throttledLog.js';

interface ConnectionDeps {
  config: Config;
  io: ChatServer;
  sessions: Sessions;
  backPressure: BackPressure;
  watchedConversations: WatchedConversations;
  services: Services;
  commands: CommandHandlers;
  tokens: TokenVerifier;
  commandGuard: CommandGuard;
  pipeline: Pipeline;
  rateLimits: RateLimits;
  metrics: Metrics;
  logger: Logger;
  /** Throttled logger, for log lines that clients can trigger. */
  log: ThrottledLog;
}

/** Accepts socket connections: authenticates each one and binds the commands to it. */
export function acceptConnections(deps: ConnectionDeps): void {
  const { config, io, services, sessions, backPressure, metrics } = deps;
  const { LEGACY: mapping } = config;
  io.use(
    authenticate({
      ...deps,
      users: services.users,
      blocks: services.viewerRules.blocks,
      trustedProxies: config.TRUST_PROXY,
      legacyTokenOf: mapping && ((socket) => legacyTokenOf(mapping, socket)),
    }),
  );
  const commandLimits = new CommandLimits(backPressure, config.MAX_COMMANDS_PER_SOCKET);
  const legacy = mapping && new Legacy({ ...deps, mapping, commandLimits, aliases: services.aliases });
  const handlers = createHandlers({ ...services, ...deps }, deps.commands);
  const binding = { ...deps, commandLimits, handlers, legacy };
  io.on('connection', (socket) => {
    bindCommands(binding, socket);
    legacy?.recognise(socket);
    sessions.begin(socket, socket.data.principal);
    metrics.openSockets.set(io.engine.clientsCount);
    socket.on('disconnect', (reason) => {
      sessions.end(socket);
      services.typing.disconnected(socket.id).catch((error: unknown) => {
        deps.logger.debug({ err: error }, 'a typing indicator expires instead of being cleared');
      });
      // Leaving the namespace keeps the transport open. It would count towards no user's limit, so it is closed.
      if (reason === 'client namespace disconnect') socket.conn.close();
      metrics.openSockets.set(io.engine.clientsCount);
    });
  });
}
