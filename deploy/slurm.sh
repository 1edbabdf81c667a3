#!/bin/bash
# A study as a Slurm job: Ray on all of its nodes, for as long as the study runs.
#
#   sbatch --nodes=4 --gpus-per-node=2 deploy/slurm.sh mine.yaml /shared/studies/mine resources.gpus=1
#
# Submitted again after its time limit it goes on where it was. Run it from the folder of this
# package's virtual environment, on storage that all nodes see.
#SBATCH --job-name=nas
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
#SBATCH --time=12:00:00
#SBATCH --signal=B:TERM@120
set -euo pipefail

spec=${1:?usage: sbatch deploy/slurm.sh SPEC STUDY [KEY.PATH=VALUE]...}
study=${2:?usage: sbatch deploy/slurm.sh SPEC STUDY [KEY.PATH=VALUE]...}
shift 2

head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
address=$(getent ahostsv4 "$head" | awk 'NR == 1 {print $1}'):$((20000 + SLURM_JOB_ID % 10000))

# Other users of these machines could run programs as you without a token.
export RAY_AUTH_MODE=token
RAY_AUTH_TOKEN=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
export RAY_AUTH_TOKEN

if [ -e "$study/study.json" ]; then
    command=(nas resume "$study")
else
    command=(nas search "$spec" --study "$study" "$@")
fi

# srun passes the signal before the time limit on, and the study writes down what it has.
srun ray symmetric-run --address "$address" --min-nodes "$SLURM_JOB_NUM_NODES" \
    --num-cpus "${SLURM_CPUS_ON_NODE:-1}" --num-gpus "${SLURM_GPUS_ON_NODE:-0}" \
    -- "${command[@]}" &
trap 'kill -TERM $!; wait' TERM
wait $!
