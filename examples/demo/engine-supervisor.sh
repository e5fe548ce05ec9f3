#!/bin/sh
# Knows how a private Docker engine lives and dies: in namespaces of its own, until its stdin closes.
#
# usage: engine-supervisor.sh FOLDER [DISK_MIB]   (started by engine.ts through `unshare --net --mount --pid --fork`)
#
# Stdin is the lease: whoever started us holds its other end, so that however that process dies, the engine ends too.
# We are process 1 of a PID namespace: when we exit, the kernel kills whatever is left in it.
set -u
folder=$1
disk_mib=${2:-}
export DOCKER_HOST="unix://$folder/docker.sock"
unset DOCKER_CONTEXT

mount -t proc proc /proc || exit 1
# dockerd would join a containerd that already runs on this machine; behind an empty /run it starts its own.
# What must be reachable from outside (socket, data) lies in the folder.
mount -t tmpfs tmpfs /run || exit 1
ip link set lo up || exit 1
mkdir -p "$folder/data"
if [ -n "$disk_mib" ]; then
  mount -t tmpfs -o "size=${disk_mib}m" tmpfs "$folder/data" || exit 1
fi
echo '{}' >"$folder/daemon.json" # not the machine's own /etc/docker/daemon.json

# A background job's stdin is /dev/null; descriptor 3 keeps the lease readable for the watcher.
exec 3<&0 </dev/null
{
  cat <&3 >/dev/null
  : >"$folder/ending"
  engine=$(cat "$folder/dockerd.pid")
  kill -CONT "$engine"
  # Killed first, containers that ignore SIGTERM do not hold the engine up.
  timeout 5 docker ps -q | timeout 5 xargs -r docker kill
  kill -TERM "$engine"
  sleep 10
  kill -KILL "$engine"
} >/dev/null 2>&1 &
exec 3<&-

# An engine that a test ends comes back, as it would under systemd; one that never answered does not.
while [ ! -e "$folder/ending" ]; do
  rm -f "$folder/dockerd.pid"
  dockerd --config-file "$folder/daemon.json" --data-root "$folder/data" --exec-root "$folder/exec" \
    -p "$folder/dockerd.pid" -H "$DOCKER_HOST" >>"$folder/dockerd.log" 2>&1
  [ -e "$folder/answered" ] || exit 1
done
exit 0
