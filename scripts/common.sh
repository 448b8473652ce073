# Sourced by scripts/{bench,test,report}: where things are, and how a step is announced.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
build="$root/build"
jobs="$(nproc)"

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
fail() { say "$*"; exit 1; }

have_gpu() { nvidia-smi -L >/dev/null 2>&1; }

# The toolkit that scripts/setup took from PyPI, if it did.
if [ -x "$build/toolkit/bin/nvcc" ]; then
  export PATH="$build/toolkit/bin:$PATH" CUDAToolkit_ROOT="$build/toolkit" CUDACXX="$build/toolkit/bin/nvcc"
fi

# configure_and_build <target...>: the preset that suits the machine. Quiet unless it fails; the whole log stays on disk.
configure_and_build() {
  local preset=virtual log="$build/build.log"
  if have_gpu; then preset=gpu; fi
  mkdir -p "$build"
  say "configuring and building (preset $preset; log in ${log#"$root"/})"
  if ! { (cd "$root" && cmake --preset "$preset" "${cmake_arguments[@]}") && cmake --build "$build" -j "$jobs" --target "$@"; } >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    fail "the build failed; the whole log is $log"
  fi
}
cmake_arguments=()
