#!/usr/bin/env bash
# Tries the two commands on a bare Debian: makes one by debootstrap, clones HEAD of this repository into it, runs
# scripts/demo.sh and scripts/test.sh there, and prints how long each took. As root; takes an hour or more on 2 cores.
#
#   scripts/fresh_machine.sh SUITE [FOLDER] [-- COMMAND ...]     SUITE: bookworm or trixie
#
# FOLDER is kept, and a machine that is in it already is used again, with a fresh clone; without FOLDER everything is
# removed at the end. A COMMAND, run in the clone, replaces the two (e.g. scripts/test.sh -R farm).
# The mirror and apt's settings are those of this machine.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "fresh_machine.sh: $*" >&2; exit 2; }

suite=${1:-}
[[ $suite == bookworm || $suite == trixie ]] || fail "SUITE is '$suite', must be bookworm or trixie"
shift
folder='' temporary=''
if (($#)) && [[ $1 != -- ]]; then folder=$1; shift; fi
if (($#)); then
  [[ $1 == -- && $# -gt 1 ]] || fail "'$*' is left over; expected SUITE [FOLDER] [-- COMMAND ...]"
  shift
fi
((EUID == 0)) || fail "needs root (debootstrap, chroot and mounts do)"
command -v debootstrap >/dev/null || fail "debootstrap is missing (apt-get install debootstrap)"
[[ -z $(git status --porcelain --untracked-files=no) ]] || echo "fresh_machine.sh: HEAD is tried, without the changes not committed" >&2

if [[ -z $folder ]]; then
  folder=$(mktemp -d "/var/tmp/$suite.XXXXXX")
  temporary=$folder
fi
mkdir -p "$folder"
folder=$(realpath "$folder")

clean_up() {
  jobs -p | xargs -r kill -KILL  # unshare, and with it every process and mount of the machine
  wait 2>/dev/null
  if [[ -n $temporary ]]; then rm -rf --one-file-system "$temporary"; fi
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
set -m  # a job has the signals of a command that a user starts

# Processes and mounts of the machine's own, which end with the command.
inside() {
  local proxies
  mapfile -t proxies < <(env | grep -iE '^(http|https|ftp|no)_proxy=' || true)
  # shellcheck disable=SC2016  # the inner shell expands
  unshare --mount --pid --ipc --fork --kill-child bash -euc '
    cd "$1"; shift
    mount -t proc proc proc
    mount -t sysfs sys sys
    mount --rbind /dev dev
    mount -t tmpfs shm dev/shm  # apart from the shared memory of MPI jobs outside
    exec chroot . env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
  ' inside "$folder" "${proxies[@]}" "$@" </dev/null &
  wait $!
}

make_machine() {
  local mirror
  mirror=$(. /etc/os-release; [[ $ID != debian ]] ||  # elsewhere debootstrap knows one
    apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
    awk -v release="$VERSION_CODENAME" '$1 == release && !found { print $2; found = 1 }')
  unshare --mount debootstrap --variant=minbase --include=ca-certificates "$suite" "$folder" ${mirror:+"$mirror"}
}

adopt() {  # what this machine knows, and the repository
  cp -L /etc/resolv.conf /etc/hosts "$folder/etc/"
  apt-config dump | grep -E '^Acquire::(http|https|Retries|Check)' >"$folder/etc/apt/apt.conf.d/90machine" || true
  rm -rf "$folder/root/al_mpi"
  git clone --quiet --no-hardlinks --no-checkout . "$folder/root/al_mpi"
  git -C "$folder/root/al_mpi" fetch --quiet "$PWD" HEAD  # a linked work tree has another than what is cloned
  git -C "$folder/root/al_mpi" checkout --quiet --detach FETCH_HEAD
}

times=()
status=0
timed() {  # NAME COMMAND ...
  local begin=$SECONDS code=0
  echo "== $1"
  "${@:2}" || code=$?
  times+=("$(printf '%5d s  %s' $((SECONDS - begin)) "$1")$( ((code == 0)) || echo ": exit code $code")")
  ((code == 0)) || status=1
}

if [[ ! -x $folder/usr/bin/apt-get || -d $folder/debootstrap ]]; then  # debootstrap removes its folder at its end
  timed "debootstrap $suite" make_machine
fi
if ((status == 0)); then
  adopt
  if (($#)); then
    timed "$*" inside env --chdir=/root/al_mpi "$@"
  else
    timed "packages" inside env --chdir=/root/al_mpi scripts/install_packages.sh
    for script in scripts/demo.sh scripts/test.sh; do timed "$script" inside env --chdir=/root/al_mpi "$script"; done
  fi
fi
echo "== a bare $suite, $(git log -1 --format=%h), $(nproc) cores"
printf '%s\n' "${times[@]}"
exit "$status"
