#!/usr/bin/env bash
# A throwaway Slurm on this machine, for tests: real munged, slurmctld and slurmd, virtual nodes n1, n2, ...
#   scripts/slurm_test_cluster.sh start FOLDER [nodes] [cpus a node] [gpus a node]   (as root)
#   eval "$(scripts/slurm_test_cluster.sh env FOLDER)"     then sbatch, squeue, srun --mpi=pmix ...
#   scripts/slurm_test_cluster.sh stop FOLDER
# Needs the packages slurm-wlm, slurm-wlm-basic-plugins and munge. GPUs are null devices; there may be more CPUs
# than the machine has. No accounting, no cgroups.
set -euo pipefail

command=${1:?start, stop or env}
lab=$(realpath -m "${2:?a folder}")
nodes=${3:-2} cpus=${4:-8} gpus=${5:-2}
port=${SLURM_TEST_PORT:-16817}

write_configuration() {
  local host
  host=$(hostname -s)
  mkdir -p "$lab"/{etc,state,log,run,munge}
  for ((i = 1; i <= nodes; i++)); do mkdir -p "$lab"/{spool,tmp}/n"$i"; done
  for ((i = 0; i < gpus; i++)); do [[ -e "$lab/etc/gpu$i" ]] || mknod "$lab/etc/gpu$i" c 1 3; done
  head -c 1024 /dev/urandom >"$lab/etc/munge.key"
  chmod 400 "$lab/etc/munge.key"
  # Slurm 22.05 loads cgroups only where they are asked for, and does not know that they can be disabled.
  if printf '23.11\n%s\n' "$(slurmd -V | grep -oE '[0-9.]+$')" | sort --check=quiet --version-sort; then
    echo "CgroupPlugin=disabled" >"$lab/etc/cgroup.conf"
  fi
  echo "NodeName=n[1-$nodes] Name=gpu File=$lab/etc/gpu[0-$((gpus - 1))]" >"$lab/etc/gres.conf"
  cat >"$lab/etc/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$lab/munge/munge.socket
CredType=cred/munge
StateSaveLocation=$lab/state
SlurmdSpoolDir=$lab/spool/%n
TmpFS=$lab/tmp/%n
SlurmctldPidFile=$lab/run/slurmctld.pid
SlurmdPidFile=$lab/run/slurmd.%n.pid
SlurmctldLogFile=$lab/log/slurmctld.log
SlurmdLogFile=$lab/log/slurmd.%n.log
SlurmctldPort=$port
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=pmix
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_interval=1,sched_min_interval=0,batch_sched_delay=0,requeue_delay=0
GresTypes=gpu
KillWait=5
MinJobAge=600
SlurmctldTimeout=30
SlurmdTimeout=60
InactiveLimit=0
NodeName=n[1-$nodes] NodeHostname=$host NodeAddr=127.0.0.1 Port=[$((port + 4))-$((port + 3 + nodes))] CPUs=$cpus RealMemory=4000 Gres=gpu:$gpus State=UNKNOWN
PartitionName=main Nodes=n[1-$nodes] Default=YES MaxTime=INFINITE DefaultTime=10 OverSubscribe=NO State=UP
CONF
}

start() {
  write_configuration
  munged --force --key-file="$lab/etc/munge.key" --socket="$lab/munge/munge.socket" \
    --pid-file="$lab/run/munged.pid" --log-file="$lab/log/munged.log" --seed-file="$lab/munge/seed"
  slurmctld -f "$lab/etc/slurm.conf"
  for ((i = 1; i <= nodes; i++)); do slurmd -N "n$i" -f "$lab/etc/slurm.conf"; done
  for ((t = 0; t < 100; t++)); do
    [[ "$(SLURM_CONF=$lab/etc/slurm.conf sinfo -h -t idle -o %D 2>/dev/null)" == "$nodes" ]] && return 0
    sleep 0.2
  done
  echo "the nodes do not come up: see $lab/log" >&2
  return 1
}

daemons() { cat "$lab"/run/*.pid 2>/dev/null || true; }  # each removes its file when it ends

stop() {
  local pid
  for pid in $(daemons); do kill "$pid" 2>/dev/null || true; done
  for ((t = 0; t < 50; t++)); do
    local alive=0
    for pid in $(daemons); do kill -0 "$pid" 2>/dev/null && alive=1; done
    ((alive)) || return 0
    sleep 0.2
  done
  for pid in $(daemons); do kill -KILL "$pid" 2>/dev/null || true; done
}

case $command in
  start) start ;;
  stop) stop ;;
  # Between virtual nodes of one machine Open MPI's shared memory crashes: TCP there.
  env) echo "export SLURM_CONF=$lab/etc/slurm.conf OMPI_MCA_btl=self,tcp OMPI_MCA_btl_tcp_if_include=lo" ;;
  *) echo "unknown command '$command'" >&2; exit 2 ;;
esac
