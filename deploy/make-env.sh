#!/bin/sh
# Makes deploy/.env with secrets of its own. Never writes over one that is there.
#   deploy/make-env.sh [FILE]
set -eu
file=${1:-$(dirname "$0")/.env}
if [ -e "$file" ]; then
  echo "$file is there already: it is left alone." >&2
  exit 1
fi
random() { head -c "$1" /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
umask 077
cat > "$file" <<END
# Secrets of this deployment. Keep a copy where it is safe; whoever has JWT_SECRET can be anybody.
JWT_SECRET=$(random 48)
METRICS_TOKEN=$(random 24)
MONGO_ROOT_PASSWORD=$(random 24)
MONGO_APP_PASSWORD=$(random 24)
MONGO_KEY=$(random 256)
REDIS_PASSWORD=$(random 24)
FILES_SECRET_KEY=$(random 24)
GRAFANA_PASSWORD=$(random 16)
# Web pages that may connect from elsewhere, separated by commas.
CORS_ORIGINS=
# Where the load balancer listens on this machine.
PUBLIC_PORT=8080
# Where the object store listens, and its address as phones and browsers see it.
FILES_PORT=8081
FILES_URL=http://localhost:8081
END
echo "wrote $file"
