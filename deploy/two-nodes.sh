#!/bin/bash
# Two nodes of a Ray cluster on this machine, with a token: what a cluster does, to be looked at.
#
#   deploy/two-nodes.sh                 # checks the cluster, then runs a short quickstart as a job
#   deploy/two-nodes.sh nas jobs        # or a command of yours
#
# All of it lies in a temporary folder, and ends with the command.
set -euo pipefail

folder=$(mktemp -d "${TMPDIR:-/tmp}/nas2.XXXXXX")
pids=()
finish() {
    # --block makes a node's processes end with it.
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
    wait
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

port() {
    python - <<'PYTHON'
import socket

with socket.create_server(("127.0.0.1", 0)) as free:
    print(free.getsockname()[1])
PYTHON
}

export RAY_AUTH_MODE=token RAY_USAGE_STATS_ENABLED=0 RAY_JOB_STOP_WAIT_TIME_S=30
RAY_AUTH_TOKEN=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
export RAY_AUTH_TOKEN
unset RAY_ADDRESS

gcs=$(port) dashboard=$(port)
common=(--block --num-cpus 1 --object-store-memory 100000000)
ray start --head --port "$gcs" --dashboard-host 127.0.0.1 --dashboard-port "$dashboard" \
    --dashboard-agent-listen-port "$(port)" --temp-dir "$folder/ray" "${common[@]}" \
    >"$folder/head.log" 2>&1 &
pids+=($!)

export RAY_API_SERVER_ADDRESS="http://127.0.0.1:$dashboard"
wait_for() { # what, log, command
    for _ in $(seq 120); do
        if "${@:3}" >/dev/null 2>&1; then return; fi
        sleep 0.5
    done
    echo "two-nodes: $1 does not answer" >&2
    cat "$folder/$2" >&2
    exit 1
}
wait_for "the head" head.log nas jobs

ray start --address "127.0.0.1:$gcs" --dashboard-agent-listen-port "$(port)" "${common[@]}" \
    >"$folder/node.log" 2>&1 &
pids+=($!)
two_nodes() {
    nas doctor --address "$RAY_API_SERVER_ADDRESS" -o json | grep -q "2 nodes answer"
}
wait_for "the second node" node.log two_nodes

run() { # bash hears a signal at once only while it waits
    "$@" &
    pids+=($!)
    wait $!
}
if [ $# -gt 0 ]; then
    run "$@"
    exit
fi
run nas doctor --address "$RAY_API_SERVER_ADDRESS" --study "$folder/studies"
# --installed: two nodes in one folder would remove each other's copy of the package.
run nas submit quickstart --installed --study "$folder/studies/demo" --follow \
    training.epochs=4 search.seeds=2 data.train=240 data.probe=120 data.evaluation=120
run nas jobs
