# Sourced by scripts/{bench,test,report}: where things are, and how a step is announced.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
build="$root/build"
jobs="$(nproc)"

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
fail() { say "$*"; exit 1; }

have_gpu() { nvidia-smi -L >/dev/null 2>&1; }

# find_nvcc: CUDACXX and CUDAToolkit_ROOT become those of the first nvcc of version 12.4 or newer: the caller's, PATH's, the usual folders', or the one
# that scripts/setup took from PyPI. False if there is none.
find_nvcc() {
  local nvcc version
  for nvcc in "${CUDACXX:-}" "$(command -v nvcc || true)" "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc" "$build/toolkit/bin/nvcc"; do
    [ -x "$nvcc" ] || continue
    version="$("$nvcc" --version 2>/dev/null | sed -n 's/.*release \([0-9.]*\),.*/\1/p')"
    if [ "$(printf '12.4\n%s\n' "$version" | sort -V | head -n 1)" = 12.4 ]; then
      export CUDACXX="$nvcc" CUDAToolkit_ROOT="${nvcc%/bin/nvcc}"
      return 0
    fi
  done
  return 1
}

# What scripts/setup may have put under build/.
use_local_tools() {
  if [ -x "$build/venv/bin/cmake" ]; then export PATH="$build/venv/bin:$PATH"; fi
  find_nvcc || true
}

# configure_and_build <target...>: the preset that suits the machine. Quiet unless it fails; the whole log stays on disk.
configure_and_build() {
  local preset=virtual log="$build/build.log"
  if have_gpu; then preset=gpu; fi
  mkdir -p "$build"
  use_local_tools
  say "configuring and building (preset $preset; log in ${log#"$root"/})"
  if ! { (cd "$root" && cmake --preset "$preset" "${cmake_arguments[@]}") && cmake --build "$build" -j "$jobs" --target "$@"; } >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    fail "the build failed; the whole log is $log"
  fi
}
cmake_arguments=()
