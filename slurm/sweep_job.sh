# What the sbatch files have in common; sourced in the batch shell, "$@" = CONFIG [key.path=value ...].
# Starts the sweep until the files say that it is done: a lost rank ends the step, not the sweep. Near the time
# limit (USR1, or the farm's own farm.drain_margin) the farm drains and the job is queued again.
#   AL_MPI           the program (default: build/al_mpi, else from PATH)
#   AL_MPI_LAUNCHER  e.g. "mpirun --bind-to none" (default: srun, where it speaks PMIx)
#   AL_MPI_MPS       1: NVIDIA's Multi-Process Service runs on every node of the job for as long as the job, so that
#                    trials that share a GPU compute at once and not by turns (with farm.workers_per_gpu above 1)
set -uo pipefail

al_mpi=${AL_MPI:-$(command -v build/al_mpi || command -v al_mpi)}
if [[ -n "${AL_MPI_LAUNCHER:-}" ]]; then
  read -ra launcher <<<"$AL_MPI_LAUNCHER"
elif srun --mpi=list 2>&1 | grep -q pmix; then
  launcher=(srun --mpi=pmix)
else
  launcher=(mpirun --bind-to none)
fi

# The service is a step of its own in the foreground, so that Slurm ends it with the job, whatever ends that. It numbers
# GPUs as its clients do only where CUDA_VISIBLE_DEVICES does not number them for it.
start_mps() {
  export CUDA_MPS_PIPE_DIRECTORY=${CUDA_MPS_PIPE_DIRECTORY:-/tmp/nvidia-mps-$SLURM_JOB_ID}
  export CUDA_MPS_LOG_DIRECTORY=${CUDA_MPS_LOG_DIRECTORY:-$CUDA_MPS_PIPE_DIRECTORY}
  local nodes=${SLURM_JOB_NUM_NODES:-1}
  on_each_node=(srun --overlap --mpi=none --nodes="$nodes" --ntasks="$nodes" --ntasks-per-node=1 --cpus-per-task=1 bash -c)
  "${on_each_node[@]}" 'mkdir -p "$CUDA_MPS_PIPE_DIRECTORY" "$CUDA_MPS_LOG_DIRECTORY" &&
    exec env -u CUDA_VISIBLE_DEVICES nvidia-cuda-mps-control -f' &
  mps=$!
  trap stop_mps EXIT
  "${on_each_node[@]}" 'while ((SECONDS < 30)); do
      command -v nvidia-cuda-mps-control >/dev/null || break
      echo get_server_list | nvidia-cuda-mps-control >/dev/null 2>&1 && exit 0
      sleep 0.3
    done
    echo "AL_MPI_MPS=1: nvidia-cuda-mps-control does not start on ${SLURMD_NODENAME:-$(hostname)} (run without it?)" >&2
    exit 1' || exit 2
}
stop_mps() {
  "${on_each_node[@]}" 'echo quit | nvidia-cuda-mps-control' >/dev/null 2>&1
  wait "$mps"
}
[[ "${AL_MPI_MPS:-0}" == 1 ]] && start_mps

drained=0
step=
trap 'drained=1; [[ -n "$step" ]] && kill -USR1 "$step"' USR1  # srun and mpirun pass it on to every rank

# Slurm 22.05 does not tell a job when it ends; the farm drains by this.
if [[ -z "${SLURM_JOB_END_TIME:-}" ]]; then
  end=$(date -d "$(squeue --noheader --job "$SLURM_JOB_ID" --format %e)" +%s 2>/dev/null) && export SLURM_JOB_END_TIME=$end
fi
near_the_end() { ((${SLURM_JOB_END_TIME:-0} && SLURM_JOB_END_TIME - $(date +%s) < 300)); }
queue_again() {
  echo "drained: job $SLURM_JOB_ID goes back into the queue"
  scontrol requeue "$SLURM_JOB_ID" && sleep 60
  exit 75
}

where=$("$al_mpi" status "$@" 2>/dev/null)
while true; do
  "${launcher[@]}" "$al_mpi" "$@" &
  step=$!
  while kill -0 "$step" 2>/dev/null; do wait "$step"; launched=$?; done  # a trap ends `wait` early
  step=

  "$al_mpi" status "$@" --exit-code >/dev/null 2>&1
  code=$?
  if ((code == 0 || code == 4)); then exit "$code"; fi
  if ((code != 75)); then exit "$launched"; fi  # it never began: a wrong configuration

  ((drained)) && queue_again
  before=$where
  where=$("$al_mpi" status "$@")
  if [[ "$where" == "$before" ]]; then
    echo "no progress since the last start: giving up"
    exit 75
  fi
  near_the_end && queue_again
  echo "unfinished (exit code $launched): starting again. $where"
done
